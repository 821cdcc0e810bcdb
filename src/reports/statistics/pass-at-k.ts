/**
 * Unbiased estimate that at least one of `k` samples of a task passes, from `passed` of `graded` samples:
 * 1 − C(graded − passed, k) / C(graded, k). M. Chen et al., "Evaluating Large Language Models Trained on Code",
 * arXiv:2107.03374 (2021), equation 1, as a product as there, since the binomials overflow. Throws RangeError when
 * `graded` < `k`: there is no unbiased estimate then.
 */
export function passAtK(graded: number, passed: number, k: number): number {
  if (!(k >= 1 && graded >= k && passed >= 0 && passed <= graded)) {
    throw new RangeError(`no pass@${k} of ${passed} passed in ${graded} graded`);
  }
  const failed = graded - passed;
  if (failed < k) return 1;
  let noneOfThem = 1;
  for (let at = failed + 1; at <= graded; at += 1) noneOfThem *= 1 - k / at;
  return 1 - noneOfThem;
}
