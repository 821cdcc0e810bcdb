import type { Database } from '../database/connect.ts';
import {
  countWaiting,
  dispatchEvaluations,
  readUnclaimed,
  readWindow,
} from '../database/dispatch-evaluations.ts';
import { dropLease, holdLease, type Lease } from '../database/leases.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { HintQueue } from '../queue/enqueue.ts';
import type { Wake } from '../queue/wake.ts';
import { Bell, repeat, type Loop } from '../pacing.ts';

/** Dispatched evaluations per slot: a freed slot finds its next job already in the queue. */
const WINDOW = 1.5;
/** How often the dispatcher looks without being woken, ms. */
const SWEEP_MS = 1000;
/** A dispatched evaluation that nobody claimed for this long is told to the queue again, seconds. */
const UNCLAIMED_S = 3;

interface DispatchOptions {
  database: Database;
  queue: HintQueue;
  wake: Wake;
  metrics: Metrics;
  log: Log;
  provider: string;
  processId: string;
}

/**
 * Keeps a provider's queue shallow and full. Duties:
 * 1. Lead, or wait to lead: every write carries the lease's epoch.
 * 2. Fill the window (1.5 × slots) in fair order, woken by events, with a sweep every second.
 * 3. Tell the queue again what Postgres says is dispatched and nobody claims: all of Redis may be lost.
 */
export function startDispatching(options: DispatchOptions): Loop {
  const bell = new Bell();
  const unsubscribe = options.wake.on('dispatch', () => bell.ring());
  const round: Round = { lease: undefined, sweptAtMs: -Infinity };
  const loop = repeat(
    () => dispatchRound(options, round),
    { bell, ms: SWEEP_MS },
    (error) => options.log.error({ err: error }, 'a dispatch round failed; the next one tries again'),
  );
  return {
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
  const sweep = performance.now() - round.sweptAtMs >= SWEEP_MS;
  if (sweep || !round.lease) round.lease = await holdLease(options.database, 'dispatcher', options.processId);
  options.metrics.leading.set(round.lease ? 1 : 0);
  if (!round.lease) return;
  await fill(options, round.lease);
  if (!sweep) return;
  await sweepQueue(options);
  round.sweptAtMs = performance.now();
}

/** Moves what fits from waiting to the queue. */
async function fill({ database, queue, metrics, provider }: DispatchOptions, lease: Lease): Promise<void> {
  const window = await readWindow(database, provider);
  if (!window) return;
  const { maxSandboxes, held, underWay } = window;
  metrics.slotsLimit.set({ provider }, maxSandboxes);
  metrics.slotsHeld.set({ provider }, held);
  metrics.underWay.set({ provider }, underWay);
  const room = Math.ceil(maxSandboxes * WINDOW) - underWay;
  if (room <= 0) return;
  const dispatched = await dispatchEvaluations(database, lease, provider, room);
  if (dispatched.length > 0) await queue.add(dispatched);
}

async function sweepQueue({ database, queue, metrics, provider }: DispatchOptions): Promise<void> {
  const underWay = (await readWindow(database, provider))?.underWay ?? 0;
  metrics.waiting.set({ provider }, await countWaiting(database, provider, underWay));
  const unclaimed = await readUnclaimed(database, provider, UNCLAIMED_S);
  if (unclaimed.length > 0) await queue.add(unclaimed);
}
