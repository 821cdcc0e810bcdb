import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBatch } from '../../src/database/batches.ts';
import { readTests } from '../../src/database/read-tests.ts';
import type { TestStatus } from '../../src/result.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { passedResult } from '../fixtures/seed.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
let batchId = '';
beforeAll(async () => {
  it = await openTestDatabase();
  batchId = await seed('one', [
    ['a', { 'x%y': 'failed', x_y: 'passed' }],
    ['a', { 'x%y': 'failed', x_y: 'failed' }],
    ['b', { 'x%y': 'passed', xzy: 'skipped' }],
  ]);
  await seed('other', [['a', { 'x%y': 'failed' }]]);
});
afterAll(() => it.close());

/** A batch of results, each a sample of its task. */
async function seed(
  name: string,
  results: ReadonlyArray<[string, Record<string, TestStatus>]>,
): Promise<string> {
  const { id } = await openBatch(it.database, name, 'p');
  for (const [sample, [task, told]] of results.entries()) {
    const tests = Object.entries(told).map(([called, status]) => ({ name: called, status }));
    const result = JSON.stringify({ ...passedResult(), tests });
    await sql`
      with e as (
        insert into evaluations (batch_id, task_id, sample, content_hash, spec, submission, state, outcome)
        values (${id}, ${task}, ${sample}, '', '{}', ${randomUUID()}, 'finished', 'passed') returning id)
      insert into results (evaluation_id, batch_id, attempt, outcome, reason, result)
      select id, ${id}, 1, 'passed', '', ${result}::jsonb from e`.execute(it.database);
  }
  return id;
}

const found = (filter: {
  status?: TestStatus;
  name?: string;
  limit?: number;
}): ReturnType<typeof readTests> => readTests(it.database, batchId, { limit: 10, ...filter });

test('tests are counted by task and status over all samples of one batch, the most frequent first', async () => {
  expect(await found({})).toEqual({
    tests: [
      { task: 'a', test: 'x%y', status: 'failed', count: 2 },
      { task: 'a', test: 'x_y', status: 'failed', count: 1 },
      { task: 'a', test: 'x_y', status: 'passed', count: 1 },
      { task: 'b', test: 'x%y', status: 'passed', count: 1 },
      { task: 'b', test: 'xzy', status: 'skipped', count: 1 },
    ],
    found: 5,
    results: 6,
  });
});

test('more than the limit are counted, not listed', async () => {
  const { tests, ...counts } = await found({ status: 'failed', limit: 1 });
  expect(tests.map((each) => each.test)).toEqual(['x%y']);
  expect(counts).toEqual({ found: 2, results: 3 });
  expect(await found({ status: 'error' })).toEqual({ tests: [], found: 0, results: 0 });
});

test.each([
  ['x%y', ['x%y', 'x%y']],
  ['x_y', ['x_y', 'x_y']],
  ['x?y', ['x%y', 'x_y', 'x_y', 'x%y', 'xzy']],
  ['*z*', ['xzy']],
])('the glob %s finds nothing but %j', async (name, names) => {
  expect((await found({ name })).tests.map((each) => each.test)).toEqual(names);
});
