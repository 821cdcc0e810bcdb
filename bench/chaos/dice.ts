/** Numbers that look random and are the same for the same seed. */
export interface Dice {
  /** From 0 up to but not including 1. */
  next(): number;
  between(from: number, to: number): number;
  pick<T>(from: readonly T[]): T | undefined;
}

/** Dice of a seed (mulberry32, public domain). */
export function seededDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    pick: (from) => from[Math.floor(next() * from.length)],
  };
}
