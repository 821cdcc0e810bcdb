import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acceptSpecs, addUnreadable } from '../../src/database/accept-specs.ts';
import { openBatch, pauseBatch, readBatch, sealBatch } from '../../src/database/batches.ts';
import { openTestDatabase } from '../fixtures/database.ts';

const candidate = (id: string, line: number, contentHash = 'h') => ({
  spec: { id, test: 'true' },
  contentHash,
  source: `a.jsonl:${line}`,
});

describe('acceptance', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  beforeAll(async () => {
    it = await openTestDatabase();
  });
  afterAll(() => it.close());

  test('a spec doubled in one submission is told from one submitted again', async () => {
    const { id } = await openBatch(it.database, 'doubled', 'local');
    const submission = randomUUID();
    const told = await acceptSpecs(it.database, id, submission, [
      candidate('a', 1),
      candidate('b', 2),
      candidate('a', 3, 'x'),
    ]);
    expect(told.accepted).toBe(2);
    expect(told.known).toMatchObject([
      { sameSubmission: true, sameContent: false, source: 'a.jsonl:1', candidate: { source: 'a.jsonl:3' } },
    ]);
    const again = await acceptSpecs(it.database, id, randomUUID(), [candidate('b', 2)]);
    expect(again).toMatchObject({ accepted: 0, known: [{ sameSubmission: false, sameContent: true }] });
    expect((await readBatch(it.database, id))?.total).toBe(2);
  });

  test('a spec may hold what jsonb would refuse', async () => {
    const { id } = await openBatch(it.database, 'nul', 'local');
    const spec = { id: 'nul', test: 'true', files: { 'a.bin': 'x\0y\ud800' } };
    const { ids } = await acceptSpecs(it.database, id, randomUUID(), [
      { spec, contentHash: 'h', source: null },
    ]);
    const row = await it.database
      .selectFrom('evaluations')
      .select('spec')
      .where('id', '=', ids[0]!)
      .executeTakeFirstOrThrow();
    expect(row.spec).toEqual(spec);
  });

  test('many accepts at once into one batch all get through, and none is lost in the count', async () => {
    const { id } = await openBatch(it.database, 'crowded', 'local');
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        acceptSpecs(it.database, id, randomUUID(), [candidate(`c${n}`, n)]),
      ),
    );
    expect(told.map(({ accepted }) => accepted)).toEqual(told.map(() => 1));
    expect((await readBatch(it.database, id))?.total).toBe(20);
  });

  test('a sealed batch that grows is open again and stays paused; one that does not is left alone', async () => {
    const { id } = await openBatch(it.database, 'grown', 'local');
    await acceptSpecs(it.database, id, randomUUID(), [candidate('a', 1)]);
    await sealBatch(it.database, id);
    await pauseBatch(it.database, id, true);
    await acceptSpecs(it.database, id, randomUUID(), [candidate('a', 1)]);
    expect(await readBatch(it.database, id)).toMatchObject({ state: 'sealed', paused: true });
    await acceptSpecs(it.database, id, randomUUID(), [candidate('b', 2)]);
    expect(await readBatch(it.database, id)).toMatchObject({ state: 'open', paused: true, total: 2 });
  });

  test('an unreadable line told twice counts once', async () => {
    const { id } = await openBatch(it.database, 'bad', 'local');
    const line = { source: 'a.jsonl:9', message: 'no JSON' };
    await addUnreadable(it.database, id, [line]);
    await addUnreadable(it.database, id, [line, { ...line, source: 'a.jsonl:10' }]);
    expect((await readBatch(it.database, id))?.unreadable).toBe(2);
  });

  test("a producer's key is accepted once, whatever the spec's id", async () => {
    const { id } = await openBatch(it.database, 'keyed', 'local');
    const keyed = { ...candidate('a', 1), key: 'k' };
    expect((await acceptSpecs(it.database, id, randomUUID(), [keyed])).accepted).toBe(1);
    expect(
      (await acceptSpecs(it.database, id, randomUUID(), [{ ...candidate('other', 1), key: 'k' }])).accepted,
    ).toBe(0);
  });
});
