import { expect, test } from 'vitest';
import { mcNemar } from '../../../src/reports/statistics/mcnemar.ts';

test("McNemar's test of the airway example gives the published p-values", () => {
  // Bentur et al. 2009, as table 1 of Fagerland, Lydersen and Laake, BMC Med. Res. Methodol. 13:91 (2013) and its
  // supplement: of 21 children 1 lost and 7 gained the symptom; exact 0.070, mid-p 0.039.
  const { exact, midP } = mcNemar(1, 7);
  expect(exact).toBeCloseTo(0.0703125, 12);
  expect(midP).toBeCloseTo(0.0390625, 12);
});

test('both p-values are those of all ways in which fair coins can fall', () => {
  for (let onlyA = 0; onlyA <= 6; onlyA += 1)
    for (let onlyB = 0; onlyB <= 6; onlyB += 1) {
      const { exact, midP } = mcNemar(onlyA, onlyB);
      expect(exact).toBeCloseTo(byEnumeration(onlyA, onlyB, 1), 12);
      expect(midP).toBeCloseTo(byEnumeration(onlyA, onlyB, 0.5), 12);
    }
});

// How many falls are farther from half than the observed one, plus a share of those equally far.
function byEnumeration(onlyA: number, onlyB: number, shareOfEqual: number): number {
  const tosses = onlyA + onlyB;
  let weight = 0;
  for (let fallen = 0; fallen < 2 ** tosses; fallen += 1) {
    const heads = fallen.toString(2).replaceAll('0', '').length;
    const [distance, observed] = [Math.abs(2 * heads - tosses), Math.abs(onlyA - onlyB)];
    if (distance > observed) weight += 1;
    if (distance === observed) weight += shareOfEqual;
  }
  return weight / 2 ** tosses;
}

test('many pairs neither overflow nor vanish', () => {
  // For many pairs it comes to the normal distribution: z = 200 / √100,000, two-sided p = 0.5271.
  expect(mcNemar(49_900, 50_100).midP).toBeCloseTo(0.5271, 3);
  expect(mcNemar(40_000, 60_000).midP).toBeLessThan(1e-300);
  expect(mcNemar(0, 0)).toMatchObject({ exact: 1, midP: 0.5 });
});
