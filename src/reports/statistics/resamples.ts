// 999 and 9,999: with one added, the 2.5 % and 97.5 % points are whole places (Efron and Tibshirani, section 13.3).
const MOST = 9_999;
const LEAST = 999;
const DRAWS = 100_000_000;

/** How often `size` values are drawn anew: as often as is of use, less where that would take more than about a second. */
export function resamplesFor(size: number): number {
  return size * MOST <= DRAWS ? MOST : LEAST;
}
