import { setTimeout as delay } from 'node:timers/promises';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Nursery } from './nursery.ts';
import type { Child } from './start-child.ts';

const MOST_RESTARTS = 5;
const WITHIN_MS = 60_000;
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
 * after MOST_RESTARTS within a minute it gives up. `afterRestart` sees each later child once it is ready.
 */
export async function supervise(
  { nursery, log, onGiveUp }: Supervisor,
  start: () => Promise<Child>,
  afterRestart: () => Promise<void> = async () => {},
): Promise<void> {
  let child = await start();
  const restarts: number[] = [];
  const keep = async (): Promise<void> => {
    for (;;) {
      const status = await child.ended;
      if (nursery.ending.signal.aborted) return;
      log.warn(
        { child: child.name, status, restarts: restarts.length },
        'a process of the stack ended by itself',
      );
      await pauseBeforeRestart(child, restarts, nursery.ending.signal);
      child = await start();
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
