import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError } from 'pg';

/** Classes of SQLSTATE that pass: connection, rollback for another's sake, resources, an operator's shutdown. */
const PASSING = ['08', '40', '53', '57'];
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

// pg has no class of its own for a connection that ended: its socket's error, or a plain one that only its text tells.
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseError) return PASSING.includes(error.code?.slice(0, 2) ?? '');
  if (/^Connection terminated|^Client has encountered a connection error/.test(error.message)) return true;
  const call: unknown = Reflect.get(error, 'syscall');
  return call === 'connect' || isReset(error) || isAway(error.cause);
}

function isReset(error: Error): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(String(Reflect.get(error, 'code')));
}
