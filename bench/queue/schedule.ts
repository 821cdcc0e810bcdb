import type { KnownWork } from '../chaos/truth.ts';

/** An account's limits. */
export interface Limits {
  slots: number;
  createsPerS: number;
}

/**
 * Makespan, seconds, of a system that costs no time at all: in the given order each evaluation starts at the first free slot,
 * not sooner after the one before than creations are spaced. Above the bound by ramp-up, tail, and by slots that stand empty
 * until the next creation is allowed because several ended at once.
 */
export function scheduleS({ evaluations }: KnownWork, { slots, createsPerS }: Limits): number {
  const freeAtS: number[] = Array.from({ length: Math.min(slots, evaluations.length) }, () => 0);
  let nextCreateS = 0;
  for (const { lastsS } of evaluations) {
    const slot = freeAtS.indexOf(Math.min(...freeAtS));
    const startS = Math.max(freeAtS[slot] ?? 0, nextCreateS);
    nextCreateS = startS + 1.1 / createsPerS;
    freeAtS[slot] = startS + lastsS;
  }
  return Math.max(...freeAtS);
}
