import { expect, test } from 'vitest';
import { compareRuns } from '../../../src/reports/comparison/compare-runs.ts';
import { showComparison, verdictLine } from '../../../src/reports/comparison/show-comparison.ts';
import type { ComparedRun } from '../../../src/reports/comparison/tally-results.ts';

/** A run of tasks given as `passed/graded` or `passed/graded/samples`. */
function run(name: string, tasks: Record<string, string>): ComparedRun {
  const tallies = Object.entries(tasks).map(([task, text]) => {
    const [passed = 0, graded = 0, samples = graded] = text.split('/').map(Number);
    return { task, passed, graded, samples };
  });
  const total = tallies.reduce((sum, { samples }) => sum + samples, 0);
  return { name, tasks: new Map(tallies.map((tally) => [tally.task, tally])), total };
}

/** `count` tasks alike. */
function alike(prefix: string, count: number, text: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, text]));
}

test("with one sample a side it is McNemar's test of the tasks that differ", () => {
  const a = run('A', { ...alike('lost', 7, '1/1'), ...alike('won', 1, '0/1'), ...alike('same', 12, '1/1') });
  const b = run('B', { ...alike('lost', 7, '0/1'), ...alike('won', 1, '1/1'), ...alike('same', 12, '1/1') });
  const comparison = compareRuns(a, b);
  expect(comparison).toMatchObject({ verdict: 'worse', test: 'mcnemar', p: 0.0390625, completion: 1 });
  expect(comparison.mcnemar).toMatchObject({ onlyA: 7, onlyB: 1, exact: 0.0703125 });
  expect(comparison.pairedRates).toMatchObject({ a: 0.95, b: 0.65, difference: expect.closeTo(-0.3, 12) });
  expect(compareRuns(b, a).verdict).toBe('better');
});

test('a few tasks that all got worse are not called worse: chance does that too', () => {
  const comparison = compareRuns(run('A', alike('t', 4, '1/1')), run('B', alike('t', 4, '0/1')));
  expect(comparison.pairedRates?.difference).toBe(-1);
  expect(comparison).toMatchObject({ verdict: 'no_difference', p: 0.0625 });
});

test('with several samples the shares of passes are paired, and few tasks do not make a verdict', () => {
  const worse = compareRuns(run('A', alike('t', 12, '4/5')), run('B', alike('t', 12, '2/5')));
  expect(worse).toMatchObject({ verdict: 'worse', test: 'sign_flip', mcnemar: null, p: 2 / 2 ** 12 });
  expect(worse.pairedRates?.interval).toEqual({
    low: expect.closeTo(-0.4, 12),
    high: expect.closeTo(-0.4, 12),
  });
  expect(compareRuns(run('A', alike('t', 3, '5/5')), run('B', alike('t', 3, '0/5'))).verdict).toBe(
    'no_difference',
  );
});

test('samples that are not graded count neither for nor against', () => {
  const a = run('A', alike('t', 20, '1/1'));
  const b = run('B', { ...alike('t', 20, '0/0/1'), t0: '1/1' });
  const comparison = compareRuns(a, b);
  expect(comparison).toMatchObject({ verdict: 'no_difference', completion: 1 / 20, flips: [] });
  expect(comparison.tasks).toEqual({ paired: 1, onlyA: 0, onlyB: 0, ungraded: 19, quarantined: 0 });
  expect(comparison.b).toMatchObject({ graded: 1, total: 20, completion: 1 / 20, passRate: 1 });
});

test('tasks that only one run has are counted apart', () => {
  const comparison = compareRuns(
    run('A', { x: '1/1', old: '1/1' }),
    run('B', { x: '1/1', new1: '0/1', new2: '0/1' }),
  );
  expect(comparison.tasks).toEqual({ paired: 1, onlyA: 1, onlyB: 2, ungraded: 0, quarantined: 0 });
  expect(comparison.completion).toBe(0.5);
});

test('flips are told apart: beyond noise, known flaky, one sample only', () => {
  const a = run('A', { clear: '3/3', flaky: '2/3', drop: '10/10', single: '1/1', same: '2/4', up: '0/2' });
  const b = run('B', { clear: '0/3', flaky: '1/3', drop: '2/10', single: '0/5', same: '1/2', up: '2/2' });
  const kinds = compareRuns(a, b).flips.map(({ task, kind, direction }) => [task, kind, direction]);
  expect(kinds).toEqual([
    ['clear', 'beyond_noise', 'worse'],
    ['flaky', 'known_flaky', 'worse'],
    // Its samples disagree, but by Fisher's test 10/10 and 2/10 are not the same: p = 0.0007.
    ['drop', 'beyond_noise', 'worse'],
    ['single', 'one_sample', 'worse'],
    ['up', 'beyond_noise', 'better'],
  ]);
});

test('the text names both runs with completion, lists flips, and ends with the verdict', () => {
  const a = run('monday', { ...alike('same', 18, '1/1'), 'bad\u001b[2J': '1/1', gone: '1/1' });
  const b = run('tuesday', { ...alike('same', 18, '1/1'), 'bad\u001b[2J': '0/1', gone: '0/0/1' });
  expect(showComparison(compareRuns(a, b)).split('\n')).toEqual([
    'A monday: pass rate 100.0 % [83.9–100.0] of 20 graded in 20 tasks, completion 100.0 %',
    'B tuesday: pass rate 94.7 % [75.4–99.1] of 19 graded in 20 tasks, completion 95.0 %',
    "paired 19 tasks, 95.0 % of A's; only in A 0, only in B 0, not graded in one of them 1",
    '',
    'flips one sample only, so noise or not cannot be told: 1 worse, 0 better',
    '  worse  bad  1/1 → 0/1',
    "no difference beyond noise: A passes 100.0 %, B 94.7 % of 19 paired tasks, −5.3 points [−15.8 to +0.0], p 0.500 (McNemar's mid-p)",
  ]);
});

test('of very many flips the first are shown and the rest counted', () => {
  const comparison = compareRuns(run('A', alike('t', 30, '2/2')), run('B', alike('t', 30, '0/2')));
  const text = showComparison(comparison);
  expect(text).toContain('flips beyond noise: 30 worse, 0 better');
  expect(text).toContain('and 10 more: --json lists all');
  expect(verdictLine(comparison)).toContain(
    'worse: A passes 100.0 %, B 0.0 % of 30 paired tasks, −100.0 points',
  );
});

test('with nothing graded in both there is nothing to compare', () => {
  const comparison = compareRuns(run('A', { x: '1/1' }), run('B', { x: '0/0/1' }));
  expect(comparison.pairedRates).toBeNull();
  expect(comparison.verdict).toBe('no_difference');
  expect(verdictLine(comparison)).toBe('nothing to compare: no task was graded in both');
});

test('a difference is never rounded to none', () => {
  const a = run('A', { ...alike('same', 2999, '1/1'), flip: '1/1' });
  const b = run('B', { ...alike('same', 2999, '1/1'), flip: '0/1' });
  expect(verdictLine(compareRuns(a, b))).toContain('−0.033 points [−0.1 to +0.0]');
});

test('tasks in quarantine are in no pair, and counted', () => {
  const a = run('A', { ...alike('same', 9, '1/1'), ...alike('bad', 8, '1/1') });
  const b = run('B', { ...alike('same', 9, '1/1'), ...alike('bad', 8, '0/1'), new: '1/1', newbad: '0/1' });
  expect(compareRuns(a, b).verdict).toBe('worse');
  const bad = new Set([...Object.keys(alike('bad', 8, '')), 'newbad', 'in neither']);
  const comparison = compareRuns(a, b, bad);
  expect(comparison).toMatchObject({ verdict: 'no_difference', completion: 1, flips: [] });
  expect(comparison.tasks).toEqual({ paired: 9, onlyA: 0, onlyB: 1, ungraded: 0, quarantined: 9 });
  expect(showComparison(comparison)).toContain('not graded in one of them 0, quarantined 9');
});
