import { CATALOGUE, type Declared } from '../../src/metrics/catalogue.ts';

// What the panels ask. Names and labels come from the catalogue, so that a metric that is renamed, or loses a label, does not
// compile; what several processes export is put together as the catalogue says.

type Kind = 'histogram' | 'counter' | 'gauge';
/** What Prometheus itself knows of a series: where it was scraped. */
type Scraped = 'job' | 'instance';

/** Which series, and what of them is kept apart. */
interface Of<L extends string> {
  by?: ReadonlyArray<L | Scraped>;
  /** Label to value; `~` before it makes it a regular expression. Of every metric with a provider only the chosen ones are asked. */
  where?: Partial<Record<L, string>>;
}

interface Over {
  /** The span that a rate is taken over; without it Grafana's choice for the zoom. */
  over?: '$__range';
}

/** What prom-client exports of every process (collectDefaultMetrics). */
export const PROCESS = {
  cpu: 'process_cpu_seconds_total',
  memory: 'process_resident_memory_bytes',
  started: 'process_start_time_seconds',
  openFiles: 'process_open_fds',
  maxFiles: 'process_max_fds',
  heap: 'nodejs_heap_size_used_bytes',
  loopLag: 'nodejs_eventloop_lag_p99_seconds',
  gc: 'nodejs_gc_duration_seconds_sum',
} as const;

/** The series of a metric: `evalpool_creations_total{provider=~"$provider",outcome="refused"}`. */
export function series<L extends string>(
  metric: Declared<Kind, L>,
  where: Of<NoInfer<L>>['where'] = {},
  suffix = '',
): string {
  const chosen = metric.labels.some((label) => label === 'provider') ? { provider: '~$provider' } : {};
  const matchers = Object.entries<string>({ ...chosen, ...where }).map(([label, value]) =>
    value.startsWith('~') ? `${label}=~"${value.slice(1)}"` : `${label}="${value}"`,
  );
  const selector = matchers.length > 0 ? `{${matchers.join(',')}}` : '';
  return `evalpool_${metric.name}${suffix}${selector}`;
}

/**
 * A gauge, added up but for `by`. What is true of the whole deployment counts once, however many processes tell it: two may for
 * the moment in which the leader changes.
 */
export function level<L extends string>(metric: Declared<'gauge', L>, of: Of<NoInfer<L>> = {}): string {
  const { by = [], where } = of;
  const told = series(metric, where);
  if (metric.together === 'max') return `max${grouped(by)} (${told})`;
  if (metric.from !== 'leader') return `sum${grouped(by)} (${told})`;
  const once = `max${grouped(metric.labels)} (${told})`;
  return metric.labels.every((label) => by.includes(label)) ? once : `sum${grouped(by)} (${once})`;
}

/** How often a counter counts, a second. */
export function perSecond<L extends string>(
  metric: Declared<'counter' | 'histogram', L>,
  of: Of<NoInfer<L>> = {},
): string {
  const suffix = metric.kind === 'histogram' ? '_count' : '';
  return `sum${grouped(of.by)} (rate(${series(metric, of.where, suffix)}[$__rate_interval]))`;
}

/** What a counter counted within the time that the dashboard shows. */
export function inRange<L extends string>(metric: Declared<'counter', L>, of: Of<NoInfer<L>> = {}): string {
  return `sum${grouped(of.by)} (increase(${series(metric, of.where)}[$__range]))`;
}

/** Of all that took less time than this is the fraction `q`. Seconds. */
export function quantile<L extends string>(
  q: number,
  metric: Declared<'histogram', L>,
  { by = [], where, over }: Of<NoInfer<L>> & Over = {},
): string {
  const counted = `rate(${series(metric, where, '_bucket')}[${over ?? '$__rate_interval'}])`;
  return `histogram_quantile(${q}, sum${grouped(['le', ...by])} (${counted}))`;
}

/** The median, the slow and the slowest, by legend. */
export function quantiles<L extends string>(
  legend: string,
  metric: Declared<'histogram', L>,
  of: Of<NoInfer<L>> & Over = {},
): Record<string, string> {
  const ask = (q: number): [string, string] => [`${legend} p${q * 100}`.trim(), quantile(q, metric, of)];
  return Object.fromEntries([0.5, 0.95, 0.99].map(ask));
}

/** How many fell into each bucket, for a heatmap. */
export function buckets<L extends string>(
  metric: Declared<'histogram', L>,
  where?: Of<NoInfer<L>>['where'],
): string {
  return `sum by (le) (increase(${series(metric, where, '_bucket')}[$__rate_interval]))`;
}

/** Seconds spent a second: how many were at it at once, on average. */
export function atOnce<L extends string>(metric: Declared<'histogram', L>, of: Of<NoInfer<L>> = {}): string {
  return `sum${grouped(of.by)} (rate(${series(metric, of.where, '_sum')}[$__rate_interval]))`;
}

/** Gives figures that know only the place of a batch its name. */
export function named(expr: string): string {
  const names = series(CATALOGUE.batchInfo, { batch: '~$batch' });
  return `${expr} * on (place) group_left (batch, tenant, provider, state) topk by (place) (1, ${names})`;
}

/** Figures of evalpool's processes, each with the name of what it is. */
export function ofProcesses(expr: string): string {
  return `${expr} * on (job, instance) group_left (process, version) topk by (job, instance) (1, ${series(CATALOGUE.buildInfo)})`;
}

function grouped(labels: readonly string[] = []): string {
  return labels.length > 0 ? ` by (${labels.join(', ')})` : '';
}
