import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pauseBatch } from '../../src/database/batches.ts';
import { dispatchEvaluations } from '../../src/database/dispatch-evaluations.ts';
import { holdLease } from '../../src/database/leases.ts';
import { endProcess, registerProcess } from '../../src/database/processes.ts';
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

  async function counted(ids: readonly { evaluationId: string }[]): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const id of await batchesOf(ids.map((row) => row.evaluationId))) counts[id] = (counts[id] ?? 0) + 1;
    return counts;
  }

  async function change(table: 'batches', id: string, values: object): Promise<void> {
    await it.database.updateTable(table).set(values).where('id', '=', id).execute();
  }

  test('batches share by weight, tenants before batches', async () => {
    await seedProvider(it.database, 'weighed', 100);
    const [heavy, light, other] = [
      await seedBatch(it.database, 'weighed', 'heavy', 50),
      await seedBatch(it.database, 'weighed', 'light', 50),
      await seedBatch(it.database, 'weighed', 'other', 50),
    ];
    await change('batches', heavy, { weight: 3 });
    await change('batches', other, { tenant: 'two' });
    await it.database.insertInto('tenants').values({ name: 'two', weight: 2 }).execute();
    expect(await counted(await dispatchSome(it.database, 'weighed', 12))).toEqual({
      [heavy]: 3,
      [light]: 1,
      [other]: 8,
    });
    expect(await counted(await dispatchSome(it.database, 'weighed', 12))).toEqual({
      [heavy]: 3,
      [light]: 1,
      [other]: 8,
    });
  });

  test('caps of batch and tenant hold, and leave the rest to others', async () => {
    await seedProvider(it.database, 'capped', 100);
    const [capped, free, tenants] = [
      await seedBatch(it.database, 'capped', 'capped', 20),
      await seedBatch(it.database, 'capped', 'free', 20),
      await seedBatch(it.database, 'capped', 'tenants', 20),
    ];
    await change('batches', capped, { max_running: 2 });
    await change('batches', tenants, { tenant: 'small' });
    await it.database.insertInto('tenants').values({ name: 'small', max_running: 3 }).execute();
    expect(await counted(await dispatchSome(it.database, 'capped', 15))).toEqual({
      [capped]: 2,
      [free]: 10,
      [tenants]: 3,
    });
    expect(await counted(await dispatchSome(it.database, 'capped', 30))).toEqual({ [free]: 10 });
  });

  test('a budget stops dispatching, counting what is under way at what the batch has cost so far', async () => {
    await seedProvider(it.database, 'budget', 100);
    const batch = await seedBatch(it.database, 'budget', 'budget', 40);
    await change('batches', batch, { passed: 10, total: 50, spent_usd: 1, max_cost_usd: 1.65 });
    expect(await dispatchSome(it.database, 'budget', 5)).toHaveLength(5);
    expect(await dispatchSome(it.database, 'budget', 5)).toHaveLength(2);
    await change('batches', batch, { max_cost_usd: null, max_sandbox_s: 5, spent_sandbox_s: 5 });
    expect(await dispatchSome(it.database, 'budget', 5)).toEqual([]);
    await change('batches', batch, { max_sandbox_s: 6 });
    expect(await dispatchSome(it.database, 'budget', 5)).toEqual([]);
    await change('batches', batch, { max_sandbox_s: 50 });
    expect(await dispatchSome(it.database, 'budget', 5)).toHaveLength(5);
  });

  test('a batch with a budget whose evaluations were all handed back so far is dispatched again', async () => {
    await seedProvider(it.database, 'returned', 100);
    const batch = await seedBatch(it.database, 'returned', 'returned', 3);
    await change('batches', batch, {
      spent_usd: 0.1,
      max_cost_usd: 1,
      spent_sandbox_s: 9,
      max_sandbox_s: 90,
    });
    expect(await dispatchSome(it.database, 'returned', 2)).toHaveLength(2);
    expect(await dispatchSome(it.database, 'returned', 2)).toHaveLength(1);
  });

  test('a leader whose process has ended is followed at once', async () => {
    await it.database.deleteFrom('leases').execute();
    const dead = await seedLeader(it.database);
    const rival = await registerProcess(it.database, 'dispatcher');
    expect(await holdLease(it.database, 'dispatcher', rival)).toBeUndefined();
    await endProcess(it.database, dead.processId);
    expect(await holdLease(it.database, 'dispatcher', rival)).toMatchObject({ processId: rival });
    expect(await holdLease(it.database, 'dispatcher', dead.processId)).toBeUndefined();
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
