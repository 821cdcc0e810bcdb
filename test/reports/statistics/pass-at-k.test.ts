import { expect, test } from 'vitest';
import { passAtK } from '../../../src/reports/statistics/pass-at-k.ts';

test.each([
  // By hand: 1 − C(3,2)/C(5,2) = 1 − 3/10; 1 − C(9,5)/C(10,5) = 1 − 126/252; 1 − C(90,10)/C(100,10).
  [5, 2, 2, 0.7],
  [10, 1, 5, 0.5],
  [100, 10, 10, 0.6695237889132748],
  [5, 2, 1, 0.4],
  [5, 0, 5, 0],
  [5, 1, 5, 1],
  [5, 5, 1, 1],
])('of %d graded samples %d passed: pass@%d is as worked by hand', (graded, passed, k, expected) => {
  expect(passAtK(graded, passed, k)).toBeCloseTo(expected, 12);
});

test('pass@k is the share of all choices of k samples that hold one that passed', () => {
  for (let graded = 1; graded <= 9; graded += 1)
    for (let passed = 0; passed <= graded; passed += 1)
      for (let k = 1; k <= graded; k += 1)
        expect(passAtK(graded, passed, k)).toBeCloseTo(byEnumeration(graded, passed, k), 12);
});

// Samples are the bits of a number, those that passed the lowest ones.
function byEnumeration(graded: number, passed: number, k: number): number {
  let [choices, hits] = [0, 0];
  for (let chosen = 0; chosen < 2 ** graded; chosen += 1) {
    if (chosen.toString(2).replaceAll('0', '').length !== k) continue;
    choices += 1;
    if (chosen & (2 ** passed - 1)) hits += 1;
  }
  return hits / choices;
}

test('its mean over all ways in which samples can fall is the true chance: it is unbiased', () => {
  const [chance, graded, k] = [0.3, 8, 3];
  let mean = 0;
  for (let fallen = 0; fallen < 2 ** graded; fallen += 1) {
    const passed = fallen.toString(2).replaceAll('0', '').length;
    mean += chance ** passed * (1 - chance) ** (graded - passed) * passAtK(graded, passed, k);
  }
  expect(mean).toBeCloseTo(1 - (1 - chance) ** k, 12);
});

test('thousands of samples are no trouble', () => {
  expect(passAtK(100_000, 1, 50_000)).toBeCloseTo(0.5, 9);
});

test('fewer graded samples than k have no estimate', () => {
  expect(() => passAtK(4, 4, 5)).toThrow(RangeError);
  expect(() => passAtK(0, 0, 1)).toThrow(RangeError);
  expect(() => passAtK(3, 4, 1)).toThrow(RangeError);
});
