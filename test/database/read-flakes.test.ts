import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBatch } from '../../src/database/batches.ts';
import { readLedger } from '../../src/database/read-flakes.ts';
import type { TestResult } from '../../src/result.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { passedResult } from '../fixtures/seed.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  it = await openTestDatabase();
});
afterAll(() => it.close());

interface Seeded {
  task: string;
  outcome: string;
  hash?: string;
  tests?: TestResult[];
}

/** A batch of results, each a sample of its task. */
async function seed(name: string, results: readonly Seeded[]): Promise<string> {
  const { id } = await openBatch(it.database, name, 'p');
  for (const [sample, { task, outcome, hash = 'same', tests = [] }] of results.entries()) {
    const result = JSON.stringify({ ...passedResult(), tests });
    await sql`
      with e as (
        insert into evaluations (batch_id, task_id, sample, content_hash, spec, submission, state, outcome)
        values (${id}, ${task}, ${sample}, ${hash}, '{}', ${randomUUID()}, 'finished', ${outcome}) returning id)
      insert into results (evaluation_id, batch_id, attempt, outcome, reason, result)
      select id, ${id}, 1, ${outcome}, '', ${result}::jsonb from e`.execute(it.database);
  }
  return id;
}

const verdicts = (task: string, ...outcomes: string[]): Seeded[] =>
  outcomes.map((outcome) => ({ task, outcome }));

test('a task is flaky when the same spec came out both ways; what is not graded proves nothing', async () => {
  const id = await seed('one', [
    ...verdicts('stable', 'passed', 'passed', 'infra_error'),
    ...verdicts('flaky', 'passed', 'failed', 'timed_out'),
    ...verdicts('once', 'failed'),
    { task: 'changed', outcome: 'failed', hash: 'first' },
    { task: 'changed', outcome: 'passed', hash: 'second' },
  ]);
  expect(await readLedger(it.database, [id])).toEqual({
    repeated: 2,
    flakes: [{ task: 'flaky', test: null, passed: 1, seen: 3, since: 'known' }],
  });
});

test('what always came out the same until the newest batch is newly flaky', async () => {
  const monday = await seed('monday', [
    ...verdicts('n', 'passed', 'passed'),
    ...verdicts('k', 'passed', 'failed'),
  ]);
  const tuesday = await seed('tuesday', [...verdicts('n', 'failed'), ...verdicts('k', 'failed')]);
  expect((await readLedger(it.database, [monday, tuesday])).flakes).toEqual([
    { task: 'k', test: null, passed: 1, seen: 3, since: 'known' },
    { task: 'n', test: null, passed: 2, seen: 3, since: 'newly' },
  ]);
  // From then on it is known, if what follows agrees or not.
  const wednesday = await seed('wednesday', verdicts('n', 'passed'));
  const { flakes } = await readLedger(it.database, [monday, tuesday, wednesday]);
  expect(flakes.find(({ task }) => task === 'n')).toMatchObject({ passed: 3, seen: 4, since: 'known' });
  expect((await readLedger(it.database, [tuesday])).flakes).toEqual([]);
});

const tests = (flaky: TestResult['status'], skipped: TestResult['status']): TestResult[] => [
  { name: 'broken', status: 'failed' },
  { name: 'flaky é', status: flaky },
  { name: 'skipped now and then', status: skipped },
];

test('tests are told apart from the verdict: one may flake while the task always fails', async () => {
  const id = await seed('tests', [
    { task: 't', outcome: 'failed', tests: tests('passed', 'passed') },
    { task: 't', outcome: 'failed', tests: tests('error', 'skipped') },
    { task: 'once', outcome: 'failed', tests: tests('passed', 'passed') },
  ]);
  expect(await readLedger(it.database, [id])).toEqual({
    repeated: 1,
    flakes: [{ task: 't', test: 'flaky é', passed: 1, seen: 2, since: 'known' }],
  });
});

test('without names it is over all batches', async () => {
  const { flakes } = await readLedger(it.database, null);
  expect(flakes.map(({ task }) => task)).toEqual(['flaky', 'k', 'n', 't']);
});
