import { finishBatches } from '../database/batches.ts';
import type { Wake } from '../queue/wake.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { repeat, type Loop } from '../pacing.ts';
import { HeartbeatObserver, handBackLost } from './lost-processes.ts';
import { reapSandboxes, type ReapContext } from './reap-sandboxes.ts';

/** How often the reaper looks, ms. */
const SWEEP_MS = 2000;
/** Every how many sweeps it asks the provider for its whole list. */
const LIST_EVERY = 5;

/** Runs the sweeps of what has nothing to do with a provider until stopped: lost processes, batches that are over. */
export function startMaintaining(
  context: Pick<ReapContext, 'database' | 'metrics' | 'log'> & { wake: Wake; tracing: Tracing },
): Loop {
  const { database, wake, log } = context;
  const observer = new HeartbeatObserver();
  const sweep = async (): Promise<void> => {
    const handedBack = await handBackLost(context, observer);
    const finished = await finishBatches(database);
    if (handedBack + finished > 0) wake.send('dispatch');
  };
  return repeat(sweep, { ms: SWEEP_MS }, (error) =>
    log.error({ err: error }, 'a sweep failed; the next one tries again'),
  );
}

/** Settles the unowned sandboxes of one provider until stopped, in a loop of its own: one that hangs holds up no other. */
export function startReaping(context: ReapContext): Loop {
  let condemned: ReadonlySet<string> = new Set();
  let sweeps = 0;
  const { metrics, provider, log } = context;
  metrics.sandboxesReaped.inc({ provider }, 0);
  const sweep = async (): Promise<void> => {
    const startedMs = performance.now();
    condemned = await reapSandboxes(context, condemned, sweeps++ % LIST_EVERY === 0);
    metrics.reaperSeconds.observe({ provider }, (performance.now() - startedMs) / 1000);
    metrics.reaperRuns.inc({ provider, outcome: 'ok' });
  };
  return repeat(sweep, { ms: SWEEP_MS }, (error) => {
    metrics.reaperRuns.inc({ provider, outcome: 'failed' });
    log.error({ err: error, provider }, 'a sweep of a provider failed; the next one tries again');
  });
}
