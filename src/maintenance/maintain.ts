import { finishBatches } from '../database/batches.ts';
import type { Wake } from '../queue/wake.ts';
import { repeat, type Loop } from '../pacing.ts';
import { HeartbeatObserver, handBackLost } from './lost-processes.ts';
import { reapSandboxes, type ReapContext } from './reap-sandboxes.ts';

/** How often the reaper looks, ms. */
const SWEEP_MS = 2000;
/** Every how many sweeps it asks the provider for its whole list. */
const LIST_EVERY = 5;

/** Runs the sweeps until stopped: lost processes, unowned sandboxes, batches that are over. */
export function startMaintaining(context: ReapContext & { wake: Wake }): Loop {
  const observer = new HeartbeatObserver();
  let condemned: ReadonlySet<string> = new Set();
  let sweeps = 0;
  const sweep = async (): Promise<void> => {
    const handedBack = await handBackLost(context.database, observer, context.log);
    const finished = await finishBatches(context.database);
    condemned = await reapSandboxes(context, condemned, sweeps++ % LIST_EVERY === 0);
    if (handedBack + finished > 0) context.wake.send('dispatch');
  };
  return repeat(sweep, { ms: SWEEP_MS }, (error) =>
    context.log.error({ err: error }, 'a sweep failed; the next one tries again'),
  );
}
