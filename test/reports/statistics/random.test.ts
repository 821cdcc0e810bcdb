import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/reports/statistics/random.ts';

test('it yields what the reference program of its authors yields', () => {
  // https://prng.di.unimi.it/xoshiro128starstar.c, version 1.1, on the state 1, 2, 3, 4.
  const random = seededRandom([1, 2, 3, 4]);
  const drawn = Array.from({ length: 8 }, () => random.bits());
  expect(drawn).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849]);
});

test('whole numbers below a limit come all, and about equally often', () => {
  const random = seededRandom(7);
  const counts = Array<number>(10).fill(0);
  for (let drawn = 0; drawn < 100_000; drawn += 1) counts[random.below(10)]! += 1;
  // 9 degrees of freedom: above 27.9 once in a thousand seeds.
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(27.9);
});

test('the same seed yields the same, another one other numbers', () => {
  const firsts = [0, 1, 2, 3, 0].map((seed) => seededRandom(seed).bits());
  expect(firsts[4]).toBe(firsts[0]);
  expect(new Set(firsts).size).toBe(4);
});
