import { expect, test } from 'vitest';
import type { TaskTally } from '../../../src/database/read-tallies.ts';
import { compareRuns } from '../../../src/reports/comparison/compare-runs.ts';
import {
  addSamples,
  callConfirmed,
  confirmFlips,
  type Fresh,
} from '../../../src/reports/comparison/confirm-flips.ts';
import type { ComparedRun } from '../../../src/reports/comparison/tally-results.ts';

const tally = (passed: number, graded: number, samples = graded): TaskTally => ({
  task: 't',
  passed,
  graded,
  samples,
});

const runOf = (name: string, of: TaskTally): ComparedRun => ({
  name,
  tasks: new Map([['t', of]]),
  total: of.samples,
});

const freshOf = (a: TaskTally, b: TaskTally): Fresh => ({ a: new Map([['t', a]]), b: new Map([['t', b]]) });

const [a, b] = [runOf('a', tally(1, 1)), runOf('b', tally(0, 1))];
const { flips } = compareRuns(a, b);

test.each([
  { when: 'all of them agree with it', fresh: freshOf(tally(3, 3), tally(0, 3)), is: 'confirmed' },
  { when: 'they show it the other way round', fresh: freshOf(tally(0, 3), tally(3, 3)), is: 'not_confirmed' },
  { when: 'they show none', fresh: freshOf(tally(3, 3), tally(3, 3)), is: 'not_confirmed' },
  // With the sample that found it, 3 of 3 against 1 of 9 would be beyond noise.
  {
    when: 'only the first sample makes it one',
    fresh: freshOf(tally(2, 2), tally(1, 8)),
    is: 'not_confirmed',
  },
])('a flip is judged by fresh samples alone: $when', ({ fresh, is }) => {
  const tried = confirmFlips(flips, fresh);
  expect(tried).toMatchObject([{ task: 't', direction: 'worse', confirmation: is }]);
  const after = callConfirmed(compareRuns(addSamples(a, fresh.a), addSamples(b, fresh.b)), tried);
  expect(after.flips.map(({ kind }) => kind)).toEqual([is === 'confirmed' ? 'beyond_noise' : 'known_flaky']);
});

test('with fewer than two verdicts a side nothing is said', () => {
  for (const fresh of [freshOf(tally(3, 3), tally(0, 1, 3)), { a: new Map(), b: new Map() }])
    expect(confirmFlips(flips, fresh)).toMatchObject([{ confirmation: 'undecided' }]);
});

test('samples are added to a run, which stays as it was', () => {
  const more = addSamples(a, new Map([['t', tally(1, 2, 3)]]));
  expect(more).toEqual({ name: 'a', tasks: new Map([['t', tally(2, 3, 4)]]), total: 4 });
  expect(a.tasks.get('t')).toEqual(tally(1, 1));
});

const five = (passed: number, graded: number): Map<string, TaskTally> =>
  new Map(['1', '2', '3', '4', '5'].map((task) => [task, { task, passed, graded, samples: graded }]));

test('a regression of five tasks that is confirmed is one as clearly as before', () => {
  const runs = [1, 0].map((passed) => ({ name: '', tasks: five(passed, 1), total: 5 }));
  const before = compareRuns(runs[0]!, runs[1]!);
  const after = compareRuns(
    addSamples(runs[0]!, five(3, 3)),
    addSamples(runs[1]!, five(0, 3)),
    undefined,
    true,
  );
  expect(before).toMatchObject({ test: 'mcnemar', verdict: 'worse', p: 1 / 32 });
  expect(after).toMatchObject({ test: 'sign_flip_mid_p', verdict: 'worse', p: 1 / 32 });
});
