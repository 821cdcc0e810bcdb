import type { Database } from '../database/connect.ts';
import { countUnderWay, dispatchEvaluations, readUnclaimed } from '../database/dispatch-evaluations.ts';
import { dropLease, holdLease, type Lease } from '../database/leases.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { HintQueue } from '../queue/enqueue.ts';
import type { Wake } from '../queue/wake.ts';
import { readProvider } from '../slots/tiers.ts';

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
export function startDispatching(options: DispatchOptions): { stop(): Promise<void> } {
  const state = { stopped: false, woken: false, nap: () => {} };
  const unsubscribe = options.wake.on('dispatch', () => {
    state.woken = true;
    state.nap();
  });
  const running = run(options, state);
  return {
    stop: async () => {
      state.stopped = true;
      state.nap();
      unsubscribe();
      await running;
    },
  };
}

async function run(
  options: DispatchOptions,
  state: { stopped: boolean; woken: boolean; nap: () => void },
): Promise<void> {
  let lease: Lease | undefined;
  let sweptAt = 0;
  while (!state.stopped) {
    state.woken = false;
    try {
      const sweep = performance.now() - sweptAt >= SWEEP_MS;
      if (sweep || !lease) lease = await holdLease(options.database, 'dispatcher', options.processId);
      options.metrics.leading.set(lease ? 1 : 0);
      if (lease) await fill(options, lease);
      if (lease && sweep) await tellAgain(options);
      if (sweep) sweptAt = performance.now();
    } catch (error) {
      options.log.error({ err: error }, 'a dispatch round failed; the next one tries again');
      await nap(state, SWEEP_MS);
    }
    if (!state.woken) await nap(state, SWEEP_MS);
  }
  if (lease) await dropLease(options.database, lease).catch(() => {});
}

/** Moves what fits from waiting to the queue; repeats while whole windows move. */
async function fill({ database, queue, metrics, provider }: DispatchOptions, lease: Lease): Promise<void> {
  const limits = await readProvider(database, provider);
  if (!limits) return;
  const underWay = await countUnderWay(database, provider);
  metrics.slotsLimit.set({ provider }, limits.maxSandboxes);
  metrics.slotsHeld.set({ provider }, limits.held);
  metrics.underWay.set({ provider }, underWay);
  const room = Math.ceil(limits.maxSandboxes * WINDOW) - underWay;
  if (room <= 0) return;
  const dispatched = await dispatchEvaluations(database, lease, provider, room);
  if (dispatched.length > 0) await queue.add(dispatched);
}

async function tellAgain({ database, queue, provider }: DispatchOptions): Promise<void> {
  const unclaimed = await readUnclaimed(database, provider, UNCLAIMED_S);
  if (unclaimed.length > 0) await queue.add(unclaimed);
}

async function nap(state: { nap: () => void; stopped: boolean }, ms: number): Promise<void> {
  if (state.stopped) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    state.nap = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  state.nap = () => {};
}
