import { expect, test } from 'vitest';
import { fisherExact } from '../../../src/reports/statistics/fisher.ts';

test('the lady tasting tea gives the published p-value', () => {
  // 3 of 4 against 1 of 4: 34 of 70 tables, R's fisher.test(TeaTasting): 0.4857.
  expect(fisherExact({ hits: 3, trials: 4 }, { hits: 1, trials: 4 })).toBeCloseTo(34 / 70, 12);
});

test.each([
  ['3/3', '0/3', 2 / 20],
  ['4/4', '0/4', 2 / 70],
  ['1/1', '0/5', 1 / 6],
  ['5/5', '5/5', 1],
  ['0/3', '0/9', 1],
])('%s against %s is as worked by hand', (a, b, expected) => {
  expect(fisherExact(seen(a), seen(b))).toBeCloseTo(expected, 12);
});

function seen(text: string): { hits: number; trials: number } {
  const [hits = 0, trials = 0] = text.split('/').map(Number);
  return { hits, trials };
}

test('its p-values are those of all ways to deal the hits', () => {
  for (let hitsA = 0; hitsA <= 4; hitsA += 1)
    for (let hitsB = 0; hitsB <= 6; hitsB += 1) {
      const p = fisherExact({ hits: hitsA, trials: 4 }, { hits: hitsB, trials: 6 });
      expect(p).toBeCloseTo(byEnumeration(hitsA, 4, hitsA + hitsB, 10), 10);
    }
});

// All ways to deal `hits` among `trials`, by how many fall to the first `trialsA` and how often that happens.
function byEnumeration(hitsA: number, trialsA: number, hits: number, trials: number): number {
  const ways = Array<number>(trialsA + 1).fill(0);
  for (let deal = 0; deal < 2 ** trials; deal += 1)
    if (ones(deal) === hits) ways[ones(deal & (2 ** trialsA - 1))]! += 1;
  return sum(ways.filter((count) => count <= ways[hitsA]!)) / sum(ways);
}

function ones(bits: number): number {
  return bits.toString(2).replaceAll('0', '').length;
}

function sum(which: readonly number[]): number {
  return which.reduce((total, one) => total + one, 0);
}
