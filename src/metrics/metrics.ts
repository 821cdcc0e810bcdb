import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { OUTCOMES } from '../outcome.ts';

/** From 10 ms to 1 h: one set of buckets, so that stages can be compared. Seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** Every metric of evalpool, of one process. Passed in, never imported sideways. */
export interface Metrics {
  stageSeconds: Histogram<'provider' | 'stage' | 'outcome'>;
  queueWaitSeconds: Histogram<'provider'>;
  evaluations: Counter<'provider' | 'outcome'>;
  retries: Counter<'provider' | 'cause'>;
  slotsHeld: Gauge<'provider'>;
  slotsLimit: Gauge<'provider'>;
  slotWaitSeconds: Histogram<'provider'>;
  waiting: Gauge<'provider'>;
  underWay: Gauge<'provider'>;
  sandboxesReaped: Counter<'provider'>;
  leading: Gauge;
  /** The text that Prometheus scrapes, with its content type. */
  text(): Promise<{ type: string; body: string }>;
}

/**
 * Declares all metrics in a registry of their own, the outcomes of the given providers initialised to 0 so that rates see the
 * first event.
 */
export function makeMetrics(providers: readonly string[]): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const metrics = { ...declareHistograms(registers), ...declareCounts(registers) };
  for (const provider of providers)
    for (const outcome of OUTCOMES) metrics.evaluations.inc({ provider, outcome }, 0);
  return { ...metrics, text: async () => ({ type: registry.contentType, body: await registry.metrics() }) };
}

function declareHistograms(
  registers: Registry[],
): Pick<Metrics, 'stageSeconds' | 'queueWaitSeconds' | 'slotWaitSeconds'> {
  return {
    stageSeconds: new Histogram({
      name: 'evalpool_stage_duration_seconds',
      help: 'Time a stage took, by how it ended.',
      labelNames: ['provider', 'stage', 'outcome'],
      buckets: BUCKETS,
      registers,
    }),
    queueWaitSeconds: new Histogram({
      name: 'evalpool_queue_wait_seconds',
      help: 'Wait of an attempt from acceptance or hand-back to its claim.',
      labelNames: ['provider'],
      buckets: BUCKETS,
      registers,
    }),
    slotWaitSeconds: new Histogram({
      name: 'evalpool_slot_wait_seconds',
      help: 'Wait of a dispatched attempt for a free slot.',
      labelNames: ['provider'],
      buckets: BUCKETS,
      registers,
    }),
  };
}

function declareCounts(
  registers: Registry[],
): Omit<Metrics, 'stageSeconds' | 'queueWaitSeconds' | 'slotWaitSeconds' | 'text'> {
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name: `evalpool_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `evalpool_${name}`, help, labelNames, registers });
  return {
    evaluations: counter('evaluations_total', 'Evaluations that ended, by outcome.', ['provider', 'outcome']),
    retries: counter('retries_total', 'Attempts handed back for another try, by cause.', [
      'provider',
      'cause',
    ]),
    slotsHeld: gauge('slots_held', 'Slots that the ledger holds.', ['provider']),
    slotsLimit: gauge('slots_limit', 'Slots that the provider allows.', ['provider']),
    waiting: gauge('evaluations_waiting', 'Evaluations that wait to be dispatched.', ['provider']),
    underWay: gauge('evaluations_under_way', 'Evaluations dispatched or running.', ['provider']),
    sandboxesReaped: counter('sandboxes_reaped_total', 'Sandboxes destroyed because nobody owned them.', [
      'provider',
    ]),
    leading: gauge('leading', '1 in the dispatcher that leads.', []),
  };
}
