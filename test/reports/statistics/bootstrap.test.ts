import { expect, test } from 'vitest';
import { bootstrapInterval, bootstrapMeans } from '../../../src/reports/statistics/bootstrap.ts';

test('the spread of resampled means of the mouse data is the published one', () => {
  // B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), tables 2.1 and 2.2: 23.36.
  const means = [...bootstrapMeans([94, 197, 16, 38, 99, 141, 23], 200_000)];
  const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
  const variance = means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (means.length - 1);
  expect(mean).toBeCloseTo(86.86, 0);
  expect(Math.abs(Math.sqrt(variance) - 23.36)).toBeLessThan(0.15);
});

test('the interval is that of all resamples there can be', () => {
  const values = [0, 0.2, 0.2, 0.6, 1, 1];
  const all: number[] = [];
  const collect = (left: number, sum: number): void => {
    if (left === 0) all.push(sum / values.length);
    else for (const value of values) collect(left - 1, sum + value);
  };
  collect(values.length, 0);
  all.sort((a, b) => a - b);
  const interval = bootstrapInterval(values);
  expect(interval?.low).toBeCloseTo(all[Math.round(0.025 * all.length)]!, 10);
  expect(interval?.high).toBeCloseTo(all[Math.round(0.975 * all.length)]!, 10);
});

test('of many plain passes and failures it comes near the normal interval', () => {
  const values = Array.from({ length: 20_000 }, (_, index) => (index % 4 === 0 ? 1 : 0));
  const spread = 1.96 * Math.sqrt((0.25 * 0.75) / values.length);
  const interval = bootstrapInterval(values);
  expect(Math.abs((interval?.low ?? 0) - (0.25 - spread))).toBeLessThan(0.0006);
  expect(Math.abs((interval?.high ?? 0) - (0.25 + spread))).toBeLessThan(0.0006);
});

test('the same values give the same interval, and a single one gives none', () => {
  const values = [0, 1, 0, 1, 1];
  expect(bootstrapInterval(values)).toEqual(bootstrapInterval(values));
  expect(bootstrapInterval([1])).toBeNull();
});
