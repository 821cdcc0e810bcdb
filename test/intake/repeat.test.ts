import { expect, test } from 'vitest';
import { repeatSpecs } from '../../src/intake/repeat.ts';
import type { Item } from '../../src/intake/read-specs.ts';

async function samplesOf(times: number, ...samples: Array<number | undefined>): Promise<unknown[]> {
  async function* items(): AsyncGenerator<Item> {
    for (const sample of samples) {
      const spec = { id: 't', test: 'true', ...(sample === undefined ? {} : { sample }) };
      yield { candidate: { spec, contentHash: `hash ${sample ?? 0}`, source: 'f:1' }, bytes: 10 };
    }
    yield { bad: { source: 'f:2', problems: [] } };
  }
  const told: unknown[] = [];
  for await (const item of repeatSpecs(items(), times))
    told.push('bad' in item ? item.bad.source : [item.candidate.spec.sample, item.candidate.contentHash]);
  return told;
}

test('every spec becomes so many samples, alike but for their number; a bad line stays one', async () => {
  expect(await samplesOf(3, undefined)).toEqual([[0, 'hash 0'], [1, 'hash 0'], [2, 'hash 0'], 'f:2']);
});

test('the samples of several submissions for one task do not meet', async () => {
  expect(await samplesOf(2, 0, 1, 5)).toEqual([
    [0, 'hash 0'],
    [1, 'hash 0'],
    [2, 'hash 1'],
    [3, 'hash 1'],
    [10, 'hash 5'],
    [11, 'hash 5'],
    'f:2',
  ]);
});

test('once is as it was', async () => {
  expect(await samplesOf(1, undefined, 4)).toEqual([[0, 'hash 0'], [4, 'hash 4'], 'f:2']);
});

test('a sample whose copies would have too high a number is a bad line', async () => {
  expect(await samplesOf(2, 2_000_000_000)).toEqual(['f:1', 'f:2']);
});
