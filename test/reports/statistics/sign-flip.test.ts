import { expect, test } from 'vitest';
import { mcNemar } from '../../../src/reports/statistics/mcnemar.ts';
import { signFlipTest } from '../../../src/reports/statistics/sign-flip.ts';

// Heights of 15 pairs of maize, crossed less self-fertilized, in eighths of an inch (Darwin 1876).
const MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];

test("the test of Darwin's maize gives Fisher's count", () => {
  // R. A. Fisher, The Design of Experiments (1935), section 21: 1,726 of 32,768 patterns, 5.267 %.
  expect(signFlipTest(MAIZE).exact).toBe(1726 / 32_768);
});

test('of plain passes and failures it is the test of McNemar, exact and mid-p', () => {
  for (const [onlyA, onlyB] of [
    [1, 7],
    [3, 3],
    [0, 5],
    [10, 4],
  ] as const) {
    const differences = [...Array<number>(onlyA).fill(-1), 0, 0, ...Array<number>(onlyB).fill(1)];
    const { exact, midP } = signFlipTest(differences);
    expect(exact).toBeCloseTo(mcNemar(onlyA, onlyB).exact, 12);
    expect(midP).toBeCloseTo(mcNemar(onlyA, onlyB).midP, 12);
  }
});

test('where not all patterns can be tried, a sample of them comes near', () => {
  const many = [...Array<number>(30).fill(0.2), ...Array<number>(18).fill(-0.2)];
  expect(Math.abs(signFlipTest(many).exact - mcNemar(30, 18).exact)).toBeLessThan(0.01);
  expect(Math.abs(signFlipTest(many).midP - mcNemar(30, 18).midP)).toBeLessThan(0.01);
  expect(signFlipTest(many)).toEqual(signFlipTest(many));
  expect(signFlipTest(Array<number>(100).fill(1)).exact).toBe(1 / 10_000);
});

test('sums that differ by rounding only count as equal', () => {
  // In fifths, 1 is the least sum there is; without slack 14 of 16 patterns would reach it, not all.
  expect(signFlipTest([0.2, -0.6, 1, -0.4]).exact).toBe(1);
});

test('no difference at all is no sign of one', () => {
  expect(signFlipTest([0, 0])).toEqual({ exact: 1, midP: 1 });
  expect(signFlipTest([])).toEqual({ exact: 1, midP: 1 });
});
