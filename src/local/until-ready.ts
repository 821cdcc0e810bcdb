import { setTimeout as delay } from 'node:timers/promises';
import { EvalpoolError } from '../errors.ts';
import type { Child } from './start-child.ts';

const LONGEST_START_MS = 60_000;
const BETWEEN_TRIES_MS = 20;

/** Resolves once `ask` succeeds. Throws STACK_FAILED when the child ends first or never answers. */
export async function untilReady(child: Child, ask: () => Promise<void>): Promise<void> {
  const giveUpAt = Date.now() + LONGEST_START_MS;
  let alive = true;
  void child.ended.then(() => (alive = false));
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!alive) {
        await child.firstLine; // rejects with its last words, unless it had said something before
        throw new EvalpoolError(
          'STACK_FAILED',
          `${child.name} ended before it was ready; log: ${child.logFile}`,
        );
      }
      if (Date.now() < giveUpAt) await delay(BETWEEN_TRIES_MS);
      else throw notReady(child, error);
    }
  }
}

/** A child's first line, which says that it is up. Throws STACK_FAILED when it does not come. */
export async function firstLineOf(child: Child): Promise<Record<string, unknown>> {
  const silence = new AbortController();
  try {
    return await Promise.race([
      child.firstLine,
      delay(LONGEST_START_MS, undefined, { signal: silence.signal }).then(() => {
        throw notReady(child, new Error('it printed nothing'));
      }),
    ]);
  } finally {
    silence.abort();
  }
}

function notReady(child: Child, cause: unknown): EvalpoolError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EvalpoolError(
    'STACK_FAILED',
    `${child.name} was not ready after ${LONGEST_START_MS / 1000} s: ${why}`,
    {
      cause,
    },
  );
}
