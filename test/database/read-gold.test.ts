import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBatch } from '../../src/database/batches.ts';
import { readGold } from '../../src/database/read-gold.ts';
import { openTestDatabase } from '../fixtures/database.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  it = await openTestDatabase();
});
afterAll(() => it.close());

test('a spec that is to blame is an invalid task; our failures and what never ran say nothing', async () => {
  const { id } = await openBatch(it.database, 'gold', 'p');
  const outcomes = {
    good: ['passed', 'infra_error', null],
    flaky: ['passed', 'timed_out', 'failed'],
    spec: ['invalid', 'invalid'],
    ours: ['infra_error'],
    waiting: [null],
    gone: ['cancelled'],
  };
  for (const [task, ended] of Object.entries(outcomes))
    for (const [sample, outcome] of ended.entries())
      await sql`
        insert into evaluations (batch_id, task_id, sample, content_hash, spec, submission, state, outcome)
        values (${id}, ${task}, ${sample}, '', '{}', ${randomUUID()}, ${outcome === null ? 'waiting' : 'finished'}, ${outcome})`.execute(
        it.database,
      );
  expect(await readGold(it.database, id)).toEqual({
    tasks: 6,
    untried: 3,
    failures: [
      { task: 'flaky', passed: 1, tried: 3 },
      { task: 'spec', passed: 0, tried: 2 },
    ],
  });
});
