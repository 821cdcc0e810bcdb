import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { Nursery } from './nursery.ts';
import type { Worker } from './start-worker.ts';

type Looked = Pick<Worker, 'child' | 'health'>;

const PACE = { lookEveryMs: 5000, longestAnswerMs: 2000 };
/** A worker that is unwell for so many looks in a row is ended, and so started again. */
const PATIENCE = 3;

/** Ends workers that live but do not work: whoever supervises them starts them again. Returns when the stack goes down. */
export async function watchHealth(
  workers: ReadonlyMap<string, Looked>,
  nursery: Nursery,
  log: Log,
  pace: Readonly<typeof PACE> = PACE,
): Promise<void> {
  const unwell = new Map<Looked, number>();
  const ending = nursery.ending.signal;
  while (!ending.aborted) {
    await delay(pace.lookEveryMs, undefined, { signal: ending }).catch(() => {});
    for (const worker of workers.values()) {
      const times = (await isWell(worker, pace.longestAnswerMs)) ? 0 : (unwell.get(worker) ?? 0) + 1;
      unwell.set(worker, times);
      if (times !== PATIENCE || ending.aborted) continue;
      log.warn({ child: worker.child.name }, 'a worker is not well for too long: it is started again');
      void worker.child.end();
    }
  }
}

// The time-out stands alone: combined by AbortSignal.any, Node 20 collects it as garbage before it fires, and a look at a
// stopped worker would last for ever.
async function isWell(worker: Looked, longestAnswerMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(longestAnswerMs);
  const answer = await fetch(`${worker.health}/healthz`, { signal }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}
