import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pauseBatch } from '../../src/database/batches.ts';
import { dispatchEvaluations } from '../../src/database/dispatch-evaluations.ts';
import { holdLease } from '../../src/database/leases.ts';
import { registerProcess } from '../../src/database/processes.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, seedBatch, seedLeader, seedProvider } from '../fixtures/seed.ts';

describe('dispatching', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  beforeAll(async () => {
    it = await openTestDatabase();
  });
  afterAll(() => it.close());

  async function batchesOf(evaluationIds: string[]): Promise<string[]> {
    const rows = await it.database
      .selectFrom('evaluations')
      .select('batch_id')
      .where('id', 'in', evaluationIds)
      .execute();
    return rows.map((row) => row.batch_id);
  }

  test('a small batch behind a large one gets its share at once', async () => {
    await seedProvider(it.database, 'fair', 4);
    await seedBatch(it.database, 'fair', 'nightly', 100);
    await dispatchSome(it.database, 'fair', 6);
    const small = await seedBatch(it.database, 'fair', 'small', 3);
    const next = await dispatchSome(it.database, 'fair', 4);
    const of = await batchesOf(next.map((row) => row.evaluationId));
    expect(of.filter((id) => id === small)).toHaveLength(3);
  });

  test('within a batch priority goes before age', async () => {
    await seedProvider(it.database, 'prior', 4);
    const batch = await seedBatch(it.database, 'prior', 'prior', 5);
    await it.database
      .updateTable('evaluations')
      .set({ priority: 9 })
      .where('task_id', '=', 'prior-3')
      .execute();
    const [first] = await dispatchSome(it.database, 'prior', 1);
    const row = await it.database
      .selectFrom('evaluations')
      .select('task_id')
      .where('id', '=', first!.evaluationId)
      .executeTakeFirst();
    expect([row?.task_id, batch]).toEqual(['prior-3', batch]);
  });

  test('a paused batch waits and a resumed one goes on', async () => {
    await seedProvider(it.database, 'paused', 4);
    const batch = await seedBatch(it.database, 'paused', 'paused', 2);
    await pauseBatch(it.database, batch, true);
    expect(await dispatchSome(it.database, 'paused', 4)).toEqual([]);
    await pauseBatch(it.database, batch, false);
    expect(await dispatchSome(it.database, 'paused', 4)).toHaveLength(2);
  });

  test('a leader that was replaced can dispatch nothing', async () => {
    await seedProvider(it.database, 'led', 4);
    await seedBatch(it.database, 'led', 'led', 2);
    await it.database.deleteFrom('leases').execute();
    const old = await seedLeader(it.database);
    const rival = await registerProcess(it.database, 'dispatcher');
    expect(await holdLease(it.database, 'dispatcher', rival)).toBeUndefined();
    await it.database
      .updateTable('leases')
      .set({ expires_at: new Date(0) })
      .execute();
    const next = await holdLease(it.database, 'dispatcher', rival);
    expect(Number(next!.epoch)).toBeGreaterThan(Number(old.epoch));
    expect(await dispatchEvaluations(it.database, old, 'led', 4)).toEqual([]);
    expect(await dispatchEvaluations(it.database, next!, 'led', 4)).toHaveLength(2);
  });
});
