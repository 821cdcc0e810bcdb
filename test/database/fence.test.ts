import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBatch } from '../../src/database/batches.ts';
import { claimEvaluation } from '../../src/database/claim-evaluation.ts';
import { registerProcess } from '../../src/database/processes.ts';
import { readResults } from '../../src/database/read-results.ts';
import { handBack, saveResult } from '../../src/database/save-result.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, passedResult, seedBatch, seedProvider } from '../fixtures/seed.ts';

describe('the fence of an attempt', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let processId: string;

  beforeAll(async () => {
    it = await openTestDatabase();
    processId = await registerProcess(it.database, 'evaluator');
  });
  afterAll(() => it.close());

  async function oneDispatched(
    name: string,
  ): Promise<{ hint: { evaluationId: string; attempt: number }; batchId: string }> {
    await seedProvider(it.database, name, 4);
    const batchId = await seedBatch(it.database, name, name, 1);
    const [hint] = await dispatchSome(it.database, name, 1);
    return { hint: hint!, batchId };
  }

  const spentOf = (batchId: string): Promise<object> =>
    it.database
      .selectFrom('batches')
      .select(['spent_usd', 'spent_sandbox_s'])
      .where('id', '=', batchId)
      .executeTakeFirstOrThrow();

  test('of many claims of one attempt exactly one wins', async () => {
    const { hint } = await oneDispatched('claims');
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => claimEvaluation(it.database, hint, processId)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('a result is written once, counted once, and finishes the sealed batch', async () => {
    const { hint, batchId } = await oneDispatched('once');
    const claimed = await claimEvaluation(it.database, hint, processId);
    const saves = await Promise.all(
      Array.from({ length: 5 }, () => saveResult(it.database, claimed!, passedResult())),
    );
    expect(saves.filter(Boolean)).toHaveLength(1);
    const batch = await readBatch(it.database, batchId);
    expect(batch).toMatchObject({ state: 'finished', total: 1, counts: { passed: 1, failed: 0 } });
  });

  test('a late worker cannot overwrite the attempt that followed', async () => {
    const { hint } = await oneDispatched('late');
    const first = await claimEvaluation(it.database, hint, processId);
    await handBack(it.database, first!, {
      reason: 'worker_lost',
      failed: false,
      delayMs: 0,
      workerLost: true,
      sandboxSeconds: 1.5,
      costUsd: 0.25,
    });
    expect(await spentOf(first!.batchId)).toEqual({ spent_usd: 0.25, spent_sandbox_s: 1.5 });
    const [again] = await dispatchSome(it.database, 'late', 1);
    expect(again!.attempt).toBe(hint.attempt + 1);
    const second = await claimEvaluation(it.database, again!, processId);
    expect(await saveResult(it.database, first!, { ...passedResult(), outcome: 'failed' })).toBeUndefined();
    expect(await handBack(it.database, first!, { reason: 'late', failed: true, delayMs: 0 })).toBe(false);
    expect(await saveResult(it.database, second!, passedResult())).toBe('passed');
  });

  test('in a cancelled batch nothing is claimed, and what runs ends as cancelled', async () => {
    await seedProvider(it.database, 'cancelled', 4);
    const batchId = await seedBatch(it.database, 'cancelled', 'cancelled', 2);
    const [one, two] = await dispatchSome(it.database, 'cancelled', 2);
    const running = await claimEvaluation(it.database, one!, processId);
    await it.database
      .updateTable('batches')
      .set({ cancelled_at: new Date() })
      .where('id', '=', batchId)
      .execute();
    expect(await claimEvaluation(it.database, two!, processId)).toBeUndefined();
    await saveResult(it.database, running!, passedResult());
    expect((await readBatch(it.database, batchId))?.counts).toMatchObject({ passed: 0, cancelled: 1 });
  });

  test('names and output that Postgres refuses in JSON are stored all the same', async () => {
    const { hint, batchId } = await oneDispatched('hostile');
    const claimed = await claimEvaluation(it.database, hint, processId);
    const tests = [{ name: 'nul \0 and half \ud83d', status: 'passed' as const }];
    expect(await saveResult(it.database, claimed!, { ...passedResult(), tests, tail: '\0' })).toBe('passed');
    for await (const row of readResults(it.database, batchId)) {
      expect(row.result.tests[0]?.name).toBe('nul \uFFFD and half \uFFFD');
    }
  });

  test('concurrent results of one batch lose no count', async () => {
    await seedProvider(it.database, 'many', 50);
    const batchId = await seedBatch(it.database, 'many', 'many', 50);
    const hints = await dispatchSome(it.database, 'many', 50);
    const claims = await Promise.all(hints.map((hint) => claimEvaluation(it.database, hint, processId)));
    await Promise.all(claims.map((claimed) => saveResult(it.database, claimed!, passedResult())));
    expect(await readBatch(it.database, batchId)).toMatchObject({
      state: 'finished',
      counts: { passed: 50 },
    });
  });
});
