import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endProcess, registerProcess } from '../../src/database/processes.ts';
import {
  condemn,
  giveBack,
  markAlive,
  readOpenRows,
  renew,
  takeCreation,
  takeSlot,
} from '../../src/slots/slots.ts';
import { readProvider } from '../../src/slots/tiers.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { seedProvider } from '../fixtures/seed.ts';

describe('slots', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let processId: string;
  const request = (provider: string, evaluationId = '1') => ({
    provider,
    evaluationId,
    attempt: 1,
    processId,
  });

  beforeAll(async () => {
    it = await openTestDatabase();
    processId = await registerProcess(it.database, 'evaluator');
  });
  afterAll(() => it.close());

  test('forty takers at once never hold more than the limit', async () => {
    await seedProvider(it.database, 'narrow', 7);
    const taken = await Promise.all(
      Array.from({ length: 40 }, () => takeSlot(it.database, request('narrow'))),
    );
    expect(taken.filter(Boolean)).toHaveLength(7);
    expect((await readProvider(it.database, 'narrow'))?.held).toBe(7);
    expect(await readOpenRows(it.database, 'narrow')).toHaveLength(7);
  });

  test('a slot given back twice is free once', async () => {
    await seedProvider(it.database, 'twice', 2);
    const slot = await takeSlot(it.database, request('twice'));
    await takeSlot(it.database, request('twice'));
    await Promise.all([giveBack(it.database, slot!.ledgerId), giveBack(it.database, slot!.ledgerId)]);
    expect((await readProvider(it.database, 'twice'))?.held).toBe(1);
  });

  test('creations are granted at least 1.1 / rate apart', async () => {
    await seedProvider(it.database, 'paced', 100);
    await it.database
      .updateTable('providers')
      .set({ creates_per_s: 50 })
      .where('name', '=', 'paced')
      .execute();
    let granted = 0;
    while (granted < 5) if (await takeSlot(it.database, request('paced'))) granted++;
    const { rows } = await sql<{ gap: number }>`
      select min(gap)::float8 as gap from (
        select extract(epoch from granted_at - lag(granted_at) over (order by id)) as gap
        from sandboxes where provider = 'paced') g`.execute(it.database);
    expect(rows[0]!.gap).toBeGreaterThan(1 / 50);
  });

  test('a sandbox condemned before its create was answered is not alive, and keeps its slot until gone', async () => {
    await seedProvider(it.database, 'raced', 1);
    const slot = await takeSlot(it.database, request('raced'));
    expect(await condemn(it.database, slot!.ledgerId)).toBe(true);
    expect(await markAlive(it.database, slot!.ledgerId, 'late')).toBe(false);
    expect(await renew(it.database, slot!.ledgerId)).toBe(false);
    expect(await condemn(it.database, slot!.ledgerId)).toBe(false);
    expect(await takeSlot(it.database, request('raced'))).toBeUndefined();
    const [row] = await readOpenRows(it.database, 'raced');
    expect(row).toMatchObject({ sandboxId: 'late', state: 'condemned', orphan: false, over: false });
    await giveBack(it.database, slot!.ledgerId);
    expect(await takeSlot(it.database, request('raced'))).toBeDefined();
  });

  test('only who still holds a slot is granted another creation, and nobody else uses one up', async () => {
    await seedProvider(it.database, 'regranted', 2);
    await it.database
      .updateTable('providers')
      .set({ creates_per_s: 0.01 })
      .where('name', '=', 'regranted')
      .execute();
    const slot = await takeSlot(it.database, request('regranted'));
    const again = (): Promise<string> => takeCreation(it.database, 'regranted', slot!.ledgerId);
    const pass = (): Promise<unknown> =>
      sql`update providers set next_create_at = now() where name = 'regranted'`.execute(it.database);
    expect(await again()).toBe('not yet');
    await pass();
    expect(await again()).toBe('granted');
    await giveBack(it.database, slot!.ledgerId);
    await pass();
    expect(await again()).toBe('gone');
    expect(await takeSlot(it.database, request('regranted'))).toBeDefined();
  });

  test('the rows of an ended process are orphans', async () => {
    await seedProvider(it.database, 'orphaned', 1);
    const mortal = await registerProcess(it.database, 'evaluator');
    await takeSlot(it.database, { ...request('orphaned'), processId: mortal });
    await endProcess(it.database, mortal);
    expect((await readOpenRows(it.database, 'orphaned'))[0]?.orphan).toBe(true);
  });
});
