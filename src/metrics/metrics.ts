import pLimit from 'p-limit';
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
} from 'prom-client';
import { ERROR_CODES, ERRORS, outcomeOf } from '../errors.ts';
import { CATALOGUE, type Declared, type Source } from './catalogue.ts';

/** From 10 ms to 1 h: one set of buckets, so that all durations can be compared. Seconds. */
export const BUCKETS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600,
];

/** Of times that are mostly below that. Seconds. */
export const FINE_BUCKETS = [0.001, 0.0025, 0.005, ...BUCKETS.filter((bound) => bound <= 10)];

type Catalogue = typeof CATALOGUE;
type InstrumentOf<D> =
  D extends Declared<'histogram', infer L>
    ? Histogram<L>
    : D extends Declared<'counter', infer L>
      ? Counter<L>
      : D extends Declared<'gauge', infer L>
        ? Gauge<L>
        : never;
type Instruments = { readonly [Name in keyof Catalogue]: InstrumentOf<Catalogue[Name]> };

/** Every metric of evalpool, of one process. Passed in, never imported sideways. */
export interface Metrics extends Instruments {
  /** Called before each scrape, for what is looked up only then; what it throws leaves the values as they are. */
  beforeScrape(look: () => void | Promise<void>): void;
  /** Exports nothing more of what comes from there, until it is set again. */
  forget(source: Source): void;
  /** What Prometheus scrapes, with its content type: OpenMetrics, with exemplars, for who accepts it. */
  text(accept?: string): Promise<{ type: string; body: string }>;
  /** The same values for another process of ours to add up. */
  json(): Promise<object[]>;
}

/** Declares all metrics in a registry of their own; counters of the given providers begin at 0, so that rates see the first event. */
export function makeMetrics(providers: readonly string[]): Metrics {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE); // else exemplars are refused
  collectDefaultMetrics({ register: registry });
  const declared = Object.entries(CATALOGUE).map(([key, each]) => ({
    key,
    from: each.from,
    bare: each.labels.length === 0,
    instrument: instrumentOf(each, registry),
  }));
  const forget = (source: Source): void => {
    for (const { from, instrument, bare } of declared) if (from === source) clear(instrument, bare);
  };
  forget('leader');
  const entries = declared.map(({ key, instrument }) => [key, instrument] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- instrumentOf makes of each what InstrumentOf says
  const instruments = Object.fromEntries(entries) as unknown as Instruments;
  for (const provider of providers) beginAtZero(instruments, provider);
  return { ...instruments, forget, ...makeExposition(registry) };
}

function instrumentOf(
  {
    kind,
    name,
    labels,
    help,
    exemplars,
    fine,
    together,
  }: Declared<'histogram' | 'counter' | 'gauge', string>,
  registry: Registry<RegistryContentType>,
): Histogram | Counter | Gauge {
  const common = {
    name: `evalpool_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
    aggregator: together ?? ('sum' as const),
  };
  const enableExemplars = exemplars ?? false;
  if (kind === 'histogram')
    return new Histogram({ ...common, enableExemplars, buckets: fine ? FINE_BUCKETS : BUCKETS });
  return kind === 'counter' ? new Counter({ ...common, enableExemplars }) : new Gauge(common);
}

// A bare one, without labels, has a value of 0 from the first and after a reset.
function clear(instrument: Histogram | Counter | Gauge, bare: boolean): void {
  instrument.reset();
  if (bare && instrument instanceof Gauge) instrument.remove();
}

function beginAtZero(metrics: Instruments, provider: string): void {
  metrics.evaluations.inc({ labels: { provider, outcome: 'passed', error: 'none' }, value: 0 });
  for (const code of ERROR_CODES) {
    const { blame, reason } = ERRORS[code];
    if (blame === 'user' && code !== 'CANCELLED') continue;
    metrics.evaluations.inc({ labels: { provider, outcome: outcomeOf(code), error: code }, value: 0 });
    if (blame !== 'candidate') metrics.retries.inc({ provider, cause: reason }, 0);
  }
  metrics.attempts.inc({ provider }, 0);
  for (const outcome of ['created', 'refused', 'failed']) metrics.creations.inc({ provider, outcome }, 0);
  for (const kind of ['capacity', 'rate']) metrics.refusals.inc({ provider, kind }, 0);
}

function makeExposition(
  registry: Registry<RegistryContentType>,
): Pick<Metrics, 'beforeScrape' | 'text' | 'json'> {
  const looks: Array<() => void | Promise<void>> = [];
  const names = registry.getMetricsAsArray().map((metric) => [metric, metric.name] as const);
  const oneByOne = pLimit(1);
  const look = async (): Promise<void> => {
    await Promise.allSettled(looks.map(async (each) => each()));
  };
  return {
    beforeScrape: (each) => void looks.push(each),
    text: (accept = '') =>
      oneByOne(async () => {
        await look();
        const open = accept.includes('application/openmetrics-text');
        const type = open ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
        registry.setContentType(type);
        const body = await registry.metrics();
        for (const [metric, name] of names) metric.name = name; // OpenMetrics cut `_total` off for good
        return { type, body };
      }),
    json: () =>
      oneByOne(async () => {
        await look();
        return registry.getMetricsAsJSON();
      }),
  };
}
