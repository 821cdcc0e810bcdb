import { expect, test } from 'vitest';
import { checkSession, longestSeconds, withinSession } from '../../src/intake/session-limit.ts';
import type { Item } from '../../src/intake/read-specs.ts';
import type { SpecInput } from '../../src/spec.ts';
import { all, brief } from './items.ts';

const hobby = { provider: 'mine', tier: 'hobby', longestSessionS: 3600 };
const testing = (seconds: number): SpecInput => ({ id: 'a', test: 'x', timeouts: { test: seconds } });
const everything = { repo: 'r', setup: 's', patch: 'p', build: 'b' };

test('only stages that a spec has count, with their defaults where it sets none', () => {
  expect(longestSeconds({ id: 'a', test: 'x' })).toBe(60 + 900 + 120 + 30);
  expect(longestSeconds({ id: 'a', test: 'x', files: {}, timeouts: { test: 1, patch: 2 } })).toBe(
    60 + 2 + 1 + 120 + 30,
  );
  expect(longestSeconds({ id: 'a', test: 'x', ...everything })).toBe(3270);
});

test('a spec of all stages with all defaults fits the smallest tier', () => {
  expect(checkSession({ id: 'a', test: 'x', ...everything }, hobby)).toBeUndefined();
});

test('a session may be used to its last second, and one more is refused', () => {
  expect(checkSession(testing(3600 - 210), hobby)).toBeUndefined();
  expect(checkSession(testing(3600 - 209), hobby)).toMatchObject({ code: 'ABOVE_TIER', field: 'timeouts' });
});

test('an overlong spec becomes a bad line that names the sum, the limit, the tier and what to lower', async () => {
  const items = (async function* (): AsyncGenerator<Item> {
    for (const [n, seconds] of [10, 7200, 20].entries()) {
      const spec = { ...testing(seconds), id: `s${n}` };
      yield { candidate: { spec, contentHash: '', source: `/in/b.jsonl:${n + 1}` }, bytes: 1 };
    }
  })();
  expect(brief(await all(withinSession(items, hobby)), '/in')).toEqual([
    's0',
    'b.jsonl:2: timeouts: the stages may take 7410 s in all (test 7200, collect 120, create 60, destroy 30), a sandbox of provider mine (tier hobby) lives 3600 s at most: lower `timeouts.test`, or choose a provider with longer sessions',
    's2',
  ]);
});
