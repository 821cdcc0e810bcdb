import { expect, test } from 'vitest';
import { wilsonInterval } from '../../../src/reports/statistics/wilson.ts';

// The last four: table I, method 3, of R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872.
test.each([
  [97, 142, 0.6026, 0.754],
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
  [1, 2, 0.0945, 0.9055],
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("Wilson's interval of %d in %d is the known one", (hits, trials, low, high) => {
  const interval = wilsonInterval(hits, trials);
  expect(interval?.low).toBeCloseTo(low, 3);
  expect(interval?.high).toBeCloseTo(high, 3);
});

test('no trials, no interval', () => {
  expect(wilsonInterval(0, 0)).toBeNull();
});
