import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBatch } from '../../src/database/batches.ts';
import { readMostSamples, readTallies, type TaskTally } from '../../src/database/read-tallies.ts';
import { openTestDatabase } from '../fixtures/database.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  it = await openTestDatabase();
});
afterAll(() => it.close());

async function talliesOf(batchId: string): Promise<TaskTally[]> {
  const tallies: TaskTally[] = [];
  for await (const tally of readTallies(it.database, batchId)) tallies.push(tally);
  return tallies;
}

/** Samples of tasks in a batch of their own, each by its outcome; null: none so far. */
async function seed(name: string, tasks: ReadonlyArray<[string, Array<string | null>]>): Promise<string> {
  const { id } = await openBatch(it.database, name, 'p');
  const rows = tasks.flatMap(([task, outcomes]) =>
    outcomes.map((outcome, sample) => ({ task, sample, outcome })),
  );
  await sql`
    insert into evaluations (batch_id, task_id, sample, content_hash, spec, submission, state, outcome)
    select ${id}::bigint, t, n, 'x', '{}', ${randomUUID()}::uuid, case when o is null then 'waiting' else 'finished' end, o
    from unnest(${rows.map((row) => row.task)}::text[], ${rows.map((row) => row.sample)}::int[],
      ${rows.map((row) => row.outcome)}::text[]) as r(t, n, o)`.execute(it.database);
  return id;
}

test('a task is tallied by verdicts; what has none is a sample that is not graded', async () => {
  const id = await seed('verdicts', [
    ['b', ['passed', 'failed', 'timed_out', 'infra_error', 'invalid', 'cancelled', null]],
    ['a', ['passed', 'passed']],
    ['c', [null]],
  ]);
  await seed('another batch', [['a', ['failed']]]);
  expect(await talliesOf(id)).toEqual([
    { task: 'a', passed: 2, graded: 2, samples: 2 },
    { task: 'b', passed: 1, graded: 3, samples: 7 },
    { task: 'c', passed: 0, graded: 0, samples: 1 },
  ]);
  expect(await readMostSamples(it.database, id)).toBe(7);
});

test('every task of many pages is told once, whatever its name', async () => {
  const tasks = Array.from({ length: 10_001 }, (_, index): [string, string[]] => [
    `${['é', 'Z', 'a', '_'][index % 4]}${index}`,
    ['passed', 'failed'],
  ]);
  const tallies = await talliesOf(await seed('pages', tasks));
  expect(new Set(tallies.map(({ task }) => task)).size).toBe(10_001);
  expect(tallies).toHaveLength(10_001);
});

test('a batch without evaluations has no tasks', async () => {
  const id = await seed('empty', []);
  expect(await talliesOf(id)).toEqual([]);
  expect(await readMostSamples(it.database, id)).toBe(0);
});
