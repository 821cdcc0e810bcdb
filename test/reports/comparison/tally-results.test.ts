import { expect, test } from 'vitest';
import { tallyResults, type ResultLine } from '../../../src/reports/comparison/tally-results.ts';

async function* lines(...objects: unknown[]): AsyncGenerator<ResultLine> {
  for (const [index, object] of objects.entries())
    yield { number: index + 1, text: typeof object === 'string' ? object : JSON.stringify(object) };
}

test('results are tallied by task, and lines that were no specs count in the total only', async () => {
  const run = await tallyResults(
    'r.jsonl',
    lines(
      { id: 't', sample: 0, outcome: 'passed', labels: {} },
      { id: 't', sample: 1, outcome: 'timed_out' },
      { id: 't', sample: 2, outcome: 'infra_error' },
      { id: 'u', outcome: 'failed' },
      { id: null, source: 'x:3', outcome: 'invalid' },
    ),
  );
  expect(run.total).toBe(5);
  expect([...run.tasks.values()]).toEqual([
    { task: 't', passed: 1, graded: 2, samples: 3 },
    { task: 'u', passed: 0, graded: 1, samples: 1 },
  ]);
});

test.each([
  ['{"id": "t"', 'r.jsonl:2 is no result of evalpool: expected a JSON object'],
  [{ id: 't', outcome: 'won' }, 'r.jsonl:2 is no result of evalpool: ✖ Invalid option'],
  [{ id: 'first', sample: 0, outcome: 'failed' }, 'sample 0 of first is there twice'],
])('a line that is no result, or one told twice, is refused with its place: %j', async (line, message) => {
  await expect(
    tallyResults('r.jsonl', lines({ id: 'first', outcome: 'passed' }, line)),
  ).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining(message),
  });
});
