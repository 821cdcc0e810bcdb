import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomUUID } from 'node:crypto';
import { acceptSpecs } from '../../src/database/accept-specs.ts';
import { finishBatches, openBatch, readBatch } from '../../src/database/batches.ts';
import { cancelBatch, readUnwanted } from '../../src/database/cancel-batch.ts';
import { claimEvaluation } from '../../src/database/claim-evaluation.ts';
import { readWindows } from '../../src/database/dispatch-evaluations.ts';
import { registerProcess } from '../../src/database/processes.ts';
import { readResults } from '../../src/database/read-results.ts';
import { retryEvaluations } from '../../src/database/retry-evaluations.ts';
import { saveResult } from '../../src/database/save-result.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, passedResult, seedBatch, seedProvider } from '../fixtures/seed.ts';

describe('a batch that is cancelled', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let processId: string;

  beforeAll(async () => {
    it = await openTestDatabase();
    processId = await registerProcess(it.database, 'evaluator');
  });
  afterAll(() => it.close());

  async function halfDone(
    name: string,
  ): Promise<{ batchId: string; running: { evaluationId: string; attempt: number; batchId: string } }> {
    await seedProvider(it.database, name, 4);
    const batchId = await seedBatch(it.database, name, name, 5);
    const [first, second] = await dispatchSome(it.database, name, 3);
    const done = await claimEvaluation(it.database, first!, processId);
    await saveResult(it.database, done!, passedResult());
    const running = await claimEvaluation(it.database, second!, processId);
    return { batchId, running: running! };
  }

  async function outcomesOf(batchId: string): Promise<string[]> {
    const outcomes: string[] = [];
    for await (const { outcome } of readResults(it.database, batchId)) outcomes.push(outcome);
    return outcomes;
  }

  test('finishes once nothing of it runs, with a result for each evaluation', async () => {
    const { batchId, running } = await halfDone('whole');
    expect(await cancelBatch(it.database, batchId)).toBe(true);
    expect(await cancelBatch(it.database, batchId)).toBe(false);
    await finishBatches(it.database);
    expect((await readBatch(it.database, batchId))?.state).toBe('sealed');
    expect(await readUnwanted(it.database, [running])).toEqual([
      { evaluationId: running.evaluationId, attempt: running.attempt, why: 'cancelled' },
    ]);
    expect(await saveResult(it.database, running, passedResult())).toBe('cancelled');
    await finishBatches(it.database);
    const batch = await readBatch(it.database, batchId);
    expect(batch).toMatchObject({ state: 'finished', counts: { passed: 1, cancelled: 4 } });
    expect((await outcomesOf(batchId)).toSorted()).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
      'cancelled',
      'passed',
    ]);
  });

  test('takes no place in the window and no further specs', async () => {
    const { batchId } = await halfDone('window');
    await cancelBatch(it.database, batchId);
    const window = (await readWindows(it.database)).find(({ provider }) => provider === 'window');
    expect(window?.underWay).toBe(1);
    const more = [{ spec: { id: 'late', test: 'true' }, contentHash: 'x', source: null }];
    await expect(acceptSpecs(it.database, batchId, randomUUID(), more)).rejects.toMatchObject({
      code: 'BATCH_CANCELLED',
    });
    await expect(openBatch(it.database, 'window', 'window')).rejects.toMatchObject({
      code: 'BATCH_CANCELLED',
    });
  });

  test('goes on after a retry, with what was never begun', async () => {
    const { batchId, running } = await halfDone('retried');
    await cancelBatch(it.database, batchId);
    await saveResult(it.database, running, passedResult());
    await finishBatches(it.database);
    expect(await retryEvaluations(it.database, batchId, ['cancelled'])).toBe(1);
    expect(await readBatch(it.database, batchId)).toMatchObject({
      state: 'sealed',
      cancelled: false,
      counts: { passed: 1, cancelled: 0 },
    });
    const again = await dispatchSome(it.database, 'retried', 10);
    expect(again).toHaveLength(3);
  });

  test('of what runs, only attempts that are no longer wanted are named', async () => {
    const { running } = await halfDone('wanted');
    const gone = { evaluationId: running.evaluationId, attempt: running.attempt + 1 };
    expect(await readUnwanted(it.database, [running, gone])).toEqual([{ ...gone, why: 'overtaken' }]);
  });
});
