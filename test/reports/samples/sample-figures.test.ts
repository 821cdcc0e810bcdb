import { expect, test } from 'vitest';
import {
  countSamples,
  usualPassAt,
  type SampleFigures,
} from '../../../src/reports/samples/sample-figures.ts';
import { showSamples } from '../../../src/reports/samples/show-samples.ts';

type Row = [task: string, passed: number, graded: number, samples: number];

function figuresOf(ks: number[], ...rows: Row[]): SampleFigures {
  const counter = countSamples(ks);
  for (const [task, passed, graded, samples] of rows) counter.add({ task, passed, graded, samples });
  return counter.figures();
}

test('pass@k is the mean over tasks, of graded samples only', () => {
  const figures = figuresOf(
    [1, 2],
    ['all', 4, 4, 4],
    ['half', 2, 4, 4],
    ['one of two, two not graded', 1, 2, 4],
  );
  // By hand: (1 + 1/2 + 1/2) / 3, and (1 + (1 − C(2,2)/C(4,2)) + 1) / 3 = (1 + 5/6 + 1) / 3.
  expect(figures.passAt.map(({ rate }) => rate)).toEqual([
    expect.closeTo(2 / 3, 12),
    expect.closeTo((1 + 5 / 6 + 1) / 3, 12),
  ]);
});

test('a task with fewer than k graded samples is left out of pass@k, and said to be', () => {
  const figures = figuresOf([1, 3], ['whole', 3, 3, 3], ['short', 0, 2, 3], ['none', 0, 0, 3]);
  expect(figures).toMatchObject({ tasks: 3, most: 3, ungraded: 1, mixed: 0 });
  expect(figures.passAt).toMatchObject([
    { k: 1, rate: 0.5, tasks: 2, short: 1 },
    { k: 3, rate: 1, interval: null, tasks: 1, short: 2 },
  ]);
  expect(showSamples(figures, 'out')).toBe(
    [
      '3 tasks, up to 3 samples each; samples disagree in 0, none graded in 1',
      'pass@1 50.0 % [0.0–100.0] of 2 of 3 tasks; 1 have fewer than 1 graded samples and are left out',
      'pass@3 100.0 % of 1 of 3 tasks; 2 have fewer than 3 graded samples and are left out',
    ].join('\n'),
  );
});

test('a k that no task has samples for has no rate', () => {
  expect(figuresOf([5], ['few', 2, 2, 2]).passAt).toEqual([
    { k: 5, rate: null, interval: null, tasks: 0, short: 1 },
  ]);
});

test('tasks whose samples disagree are shown, the first ten, without what a terminal would obey', () => {
  const rows = Array.from({ length: 12 }, (_, index): Row => [`task\u001b[2J-${index}`, 1, 2, 3]);
  const text = showSamples(figuresOf([1], ...rows), 'out');
  expect(text).toMatch(/^samples disagree +passed +graded +samples\ntask-0 +1 +2 +3\n/);
  expect(text).toContain('task-9');
  expect(text).not.toContain('task-10');
  expect(text).toContain('and 2 more: out/tasks.jsonl');
});

test('the usual pass@k are those that there are samples for', () => {
  expect([1, 4, 5, 200].map(usualPassAt)).toEqual([[1], [1], [1, 5], [1, 5, 10, 100]]);
});

test('a batch with one sample per task says nothing of samples', () => {
  expect(showSamples(null, 'out')).toBe('');
});
