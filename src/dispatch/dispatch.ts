import type { Database } from '../database/connect.ts';
import {
  dispatchEvaluations,
  readUnclaimed,
  readWindows,
  type Dispatched,
  type Window,
} from '../database/dispatch-evaluations.ts';
import { dropLease, holdLease, type Lease } from '../database/leases.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { HintQueues } from '../queue/enqueue.ts';
import { evaluationQueue, type Hint } from '../queue/names.ts';
import type { Wake } from '../queue/wake.ts';
import { Bell, repeat, type Loop } from '../pacing.ts';
import { recoverLimits } from '../slots/provider-health.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Dispatched evaluations per slot: a freed slot finds its next job already in the queue. */
export const WINDOW = 1.5;
/** How often the dispatcher looks without being woken, ms. */
const SWEEP_MS = 1000;
/** A dispatched evaluation that nobody claimed for this long is told to the queue again, seconds. */
const UNCLAIMED_S = 3;

interface DispatchOptions {
  database: Database;
  queues: HintQueues;
  wake: Wake;
  metrics: Metrics;
  tracing: Tracing;
  log: Log;
  processId: string;
}

/** The dispatching of this process. */
export interface Dispatching extends Loop {
  /** Whether it leads, as of its last look. */
  leads(): boolean;
}

/**
 * Keeps the queue of every provider shallow and full. Duties:
 * 1. Lead, or wait to lead: every write carries the lease's epoch.
 * 2. Fill each window (1.5 × slots) in fair order, woken by events, with a sweep every second.
 * 3. Tell the queue again what Postgres says is dispatched and nobody claims: all of Redis may be lost.
 * 4. Let limits that a provider showed recover.
 */
export function startDispatching(options: DispatchOptions): Dispatching {
  const bell = new Bell();
  const unsubscribe = options.wake.on('dispatch', () => bell.ring());
  const round: Round = { lease: undefined, sweptAtMs: -Infinity };
  const loop = repeat(
    () => dispatchRound(options, round),
    { bell, ms: SWEEP_MS },
    (error) => options.log.error({ err: error }, 'a dispatch round failed; the next one tries again'),
  );
  return {
    leads: () => round.lease !== undefined,
    stop: async () => {
      unsubscribe();
      await loop.stop();
      if (round.lease) await dropLease(options.database, round.lease);
    },
  };
}

interface Round {
  lease: Lease | undefined;
  sweptAtMs: number;
}

async function dispatchRound(options: DispatchOptions, round: Round): Promise<void> {
  const { database, metrics } = options;
  const startedMs = performance.now();
  const sweep = startedMs - round.sweptAtMs >= SWEEP_MS;
  if (sweep || !round.lease) round.lease = await holdLease(database, 'dispatcher', options.processId);
  metrics.leading.set(round.lease ? 1 : 0);
  if (!round.lease) {
    round.sweptAtMs = -Infinity;
    return;
  }
  if (sweep) await recoverLimits(database);
  for (const window of await readWindows(database)) {
    await fill(options, round.lease, window);
    if (sweep) await sweepQueue(options, window);
  }
  if (sweep) {
    if (round.sweptAtMs > 0) metrics.dispatchLag.set((startedMs - round.sweptAtMs - SWEEP_MS) / 1000);
    round.sweptAtMs = performance.now();
  }
  metrics.dispatchSeconds.observe((performance.now() - startedMs) / 1000);
}

/** Moves what fits from waiting to the queue. */
async function fill(
  { database, queues, metrics, tracing }: DispatchOptions,
  lease: Lease,
  window: Window,
): Promise<void> {
  const { provider, slots, underWay, dispatched: offered, open } = window;
  // What runs already is no probe of whether the provider creates again.
  const places = { all: Math.ceil(slots * WINDOW) - underWay, one: 1 - offered, none: 0 }[open];
  if (places <= 0) return;
  const dispatched = await dispatchEvaluations(database, lease, provider, places);
  if (dispatched.length === 0) return;
  metrics.dispatched.inc({ provider }, dispatched.length);
  for (const each of dispatched) tracing.of(each).attempt(each.attempt).dispatched(evaluationQueue(provider));
  await queues.add(provider, dispatched.map(hintOf(tracing)));
}

async function sweepQueue(
  { database, queues, tracing }: DispatchOptions,
  { provider }: Window,
): Promise<void> {
  const unclaimed = await readUnclaimed(database, provider, UNCLAIMED_S);
  if (unclaimed.length > 0) await queues.add(provider, unclaimed.map(hintOf(tracing)));
}

function hintOf(tracing: Tracing): (dispatched: Dispatched) => Hint {
  return ({ evaluationId, attempt, alone, ...rest }) => {
    const traceparent = tracing
      .of({ evaluationId, ...rest })
      .attempt(attempt)
      .header();
    return { evaluationId, attempt, alone, traceparent };
  };
}
