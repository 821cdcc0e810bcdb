import { setTimeout as delay } from 'node:timers/promises';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Nursery } from './nursery.ts';
import type { Child } from './start-child.ts';

const MOST_RESTARTS = 5;
const WITHIN_MS = 60_000;
/** Starts that may fail in a row: what ended it may still be about. */
const MOST_FAILED_STARTS = 3;
const FIRST_PAUSE_MS = 100;

/** Whose children are watched, and who hears of it. */
export interface Supervisor {
  nursery: Nursery;
  log: Log;
  /** A child ended too often: the stack cannot be kept up. */
  onGiveUp: (error: EvalpoolError) => void;
}

/**
 * Starts a child and starts it again, after growing pauses, whenever it ends by itself. Rejects if the first start does;
 * after MOST_RESTARTS within a minute, or MOST_FAILED_STARTS in a row, it gives up. `afterRestart` sees each later child once it is ready.
 */
export async function supervise(
  { nursery, log, onGiveUp }: Supervisor,
  start: () => Promise<Child>,
  afterRestart: () => Promise<void> = async () => {},
): Promise<void> {
  let child = await start();
  const restarts: number[] = [];
  const startAgain = async (former: Child): Promise<Child> => {
    for (let failed = 1; ; failed++) {
      await pauseBeforeRestart(former, restarts, nursery.ending.signal);
      try {
        return await start();
      } catch (error) {
        if (failed === MOST_FAILED_STARTS || nursery.ending.signal.aborted) throw error;
        log.warn({ child: former.name, err: error }, 'a process of the stack did not come up; once more');
      }
    }
  };
  const keep = async (): Promise<void> => {
    for (;;) {
      const status = await child.ended;
      if (nursery.ending.signal.aborted) return;
      log.warn(
        { child: child.name, status, restarts: restarts.length },
        'a process of the stack ended by itself',
      );
      child = await startAgain(child);
      await afterRestart();
    }
  };
  void keep().catch((error: unknown) => {
    if (!nursery.ending.signal.aborted) onGiveUp(asEvalpoolError(error, 'STACK_FAILED'));
  });
}

async function pauseBeforeRestart(child: Child, restarts: number[], ending: AbortSignal): Promise<void> {
  const now = Date.now();
  while (restarts[0] !== undefined && restarts[0] < now - WITHIN_MS) restarts.shift();
  if (restarts.length >= MOST_RESTARTS) {
    const again = `${child.name} ended ${restarts.length + 1} times within a minute`;
    throw new EvalpoolError('STACK_FAILED', `${again}; log: ${child.logFile}`);
  }
  restarts.push(now);
  await delay(FIRST_PAUSE_MS * 2 ** restarts.length, undefined, { signal: ending });
}
