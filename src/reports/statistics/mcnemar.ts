/** Two-sided p-values of McNemar's test. */
export interface McNemar {
  /** Tasks that only one of the two passes. */
  onlyA: number;
  onlyB: number;
  /** Never below the stated level, but often far above it. */
  exact: number;
  /** The one to decide by: near the stated level, above it in none of the 9,595 cases of its authors. */
  midP: number;
}

/**
 * McNemar's test of paired yes-or-no outcomes, conditional on the `onlyA` + `onlyB` pairs that differ, each of which is
 * a fair coin when nothing changed. Q. McNemar, Psychometrika 12 (1947) 153–157; mid-p: M. W. Fagerland, S. Lydersen and
 * P. Laake, BMC Medical Research Methodology 13:91 (2013).
 */
export function mcNemar(onlyA: number, onlyB: number): McNemar {
  const pairs = onlyA + onlyB;
  const fewer = Math.min(onlyA, onlyB);
  const observed = fairCoin(pairs, fewer);
  let tail = 0;
  for (let hits = fewer, chance = observed; hits >= 0 && chance > 0; hits -= 1) {
    tail += chance;
    chance *= hits / (pairs - hits + 1);
  }
  // With equally many the two tails share their middle.
  if (onlyA === onlyB) return { onlyA, onlyB, exact: 1, midP: 1 - observed / 2 };
  return { onlyA, onlyB, exact: Math.min(1, 2 * tail), midP: 2 * tail - observed };
}

// C(tosses, hits) / 2^tosses, by logarithms: the binomial overflows beyond some thousand tosses.
function fairCoin(tosses: number, hits: number): number {
  let log = -tosses * Math.LN2;
  for (let at = 0; at < hits; at += 1) log += Math.log((tosses - at) / (at + 1));
  return Math.exp(log);
}
