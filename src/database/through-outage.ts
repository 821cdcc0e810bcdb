import { setTimeout as delay } from 'node:timers/promises';
import { isAway } from './what-failed.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;

/**
 * Repeats work that may safely be repeated for as long as the database is away. Throws what the database answers to the work
 * itself, and the reason of `over` once that says that it will not come back.
 */
export async function throughOutage<T>(over: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    await delay(delayMs, undefined, { signal: over }).catch(() => undefined);
    over.throwIfAborted();
  }
}
