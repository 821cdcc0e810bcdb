// Two-sided 95 %.
const Z = 1.959963984540054;

/** A 95 % interval of a figure. */
export interface Interval {
  low: number;
  high: number;
}

/**
 * Wilson's 95 % interval of a rate seen `hits` times in `trials` independent trials; null without trials. E. B. Wilson,
 * "Probable inference", JASA 22 (1927) 209–212; method 3 in R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872.
 */
export function wilsonInterval(hits: number, trials: number): Interval | null {
  if (trials === 0) return null;
  const rate = hits / trials;
  const spread = Z * Math.sqrt((rate * (1 - rate)) / trials + Z ** 2 / (4 * trials ** 2));
  const middle = rate + Z ** 2 / (2 * trials);
  const scale = 1 + Z ** 2 / trials;
  return {
    low: hits === 0 ? 0 : (middle - spread) / scale,
    high: hits === trials ? 1 : (middle + spread) / scale,
  };
}
