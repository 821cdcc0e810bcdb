import type { Child, Program } from './start-child.ts';

/** All children of one stack: where they write, what lock their guards hold, and who is alive. */
export interface Nursery {
  logs: string;
  /** The stack's lock, handed on to each guard; null: none. */
  lockFd: number | null;
  /** By rank: those of rank 0 use those of rank 1, and so on. */
  alive: Map<Child, Program['rank']>;
  /** Aborted once the stack goes down: nothing is started from then on. */
  ending: AbortController;
}

/** A nursery without children. */
export function makeNursery(logs: string, lockFd: number | null): Nursery {
  return { logs, lockFd, alive: new Map(), ending: new AbortController() };
}

const KILLED = 128 + 9;

/**
 * Ends all children, users before what they use, and resolves once nothing of them is left: with the names of those
 * that did not end when asked and were killed.
 */
export async function endChildren(nursery: Nursery): Promise<string[]> {
  nursery.ending.abort();
  const killed: string[] = [];
  for (const rank of [0, 1, 2]) {
    const children = [...nursery.alive].filter(([, of]) => of === rank);
    await Promise.all(
      children.map(async ([child]) => {
        await child.end();
        if ((await child.ended) === KILLED) killed.push(child.name);
      }),
    );
  }
  return killed;
}
