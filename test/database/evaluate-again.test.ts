import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acceptSpecs } from '../../src/database/accept-specs.ts';
import { openBatch, readBatch, sealBatch } from '../../src/database/batches.ts';
import { claimEvaluation, type Claimed } from '../../src/database/claim-evaluation.ts';
import { registerProcess } from '../../src/database/processes.ts';
import { replaceSpecs } from '../../src/database/replace-specs.ts';
import { retryEvaluations } from '../../src/database/retry-evaluations.ts';
import { handBack, saveResult } from '../../src/database/save-result.ts';
import { traceIdOf } from '../../src/tracing/trace-ids.ts';
import { untilSomeoneWaits } from '../fixtures/lock-waits.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, passedResult, seedProvider } from '../fixtures/seed.ts';

describe('evaluating again', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let processId: string;

  beforeAll(async () => {
    it = await openTestDatabase();
    processId = await registerProcess(it.database, 'evaluator');
  });
  afterAll(() => it.close());

  async function submit(
    name: string,
    hashes: readonly string[],
  ): Promise<{ batchId: string; accepted: number; known: number; replaced: number }> {
    await seedProvider(it.database, name, 4);
    const { id: batchId } = await openBatch(it.database, name, name);
    const specs = hashes.map((contentHash, at) => ({
      spec: { id: `${name}-${at}`, test: `exit ${contentHash}` },
      contentHash,
      source: null,
    }));
    const submission = randomUUID();
    const { accepted, known } = await acceptSpecs(it.database, batchId, submission, specs);
    const changed = known.filter(({ sameContent }) => !sameContent).map(({ candidate }) => candidate);
    const replaced = await replaceSpecs(it.database, batchId, submission, changed);
    await sealBatch(it.database, batchId);
    return { batchId, accepted, known: known.length, replaced: replaced.length };
  }

  async function claimAll(provider: string): Promise<Claimed[]> {
    const hints = await dispatchSome(it.database, provider, 10);
    const claims = await Promise.all(hints.map((hint) => claimEvaluation(it.database, hint, processId)));
    return claims.filter((claim) => claim !== undefined);
  }

  test('a spec sent again with other content runs again, one with the same does not', async () => {
    const { batchId } = await submit('changed', ['1', '2', '3']);
    for (const claim of await claimAll('changed')) await saveResult(it.database, claim, passedResult());
    expect((await readBatch(it.database, batchId))?.state).toBe('finished');
    expect(await submit('changed', ['1', 'two', '3'])).toMatchObject({ accepted: 0, known: 3, replaced: 1 });
    expect(await readBatch(it.database, batchId)).toMatchObject({
      state: 'sealed',
      total: 3,
      counts: { passed: 2 },
    });
    const [again, ...others] = await claimAll('changed');
    expect(others).toEqual([]);
    expect(again).toMatchObject({ spec: { test: 'exit two' }, attempt: 2 });
    await saveResult(it.database, again!, { ...passedResult(), outcome: 'failed', reason: 'tests' });
    expect(await readBatch(it.database, batchId)).toMatchObject({
      state: 'finished',
      counts: { passed: 2, failed: 1 },
    });
  });

  test('an attempt at the former content that still runs can save nothing', async () => {
    const { batchId } = await submit('overtaken', ['1']);
    const [former] = await claimAll('overtaken');
    await submit('overtaken', ['2']);
    expect(await saveResult(it.database, former!, passedResult())).toBeUndefined();
    const [next] = await claimAll('overtaken');
    expect(await saveResult(it.database, former!, passedResult())).toBeUndefined();
    expect(await saveResult(it.database, next!, passedResult())).toBe('passed');
    expect(await readBatch(it.database, batchId)).toMatchObject({ state: 'finished', counts: { passed: 1 } });
  });

  test('content that changes while a result is being written leaves nothing of that result behind', async () => {
    const { batchId } = await submit('raced', ['1']);
    const [former] = await claimAll('raced');
    const changed = { spec: { id: 'raced-0', test: 'exit 2' }, contentHash: '2', source: null };
    let replacing: Promise<unknown> | undefined;
    await it.database.transaction().execute(async (tx) => {
      expect(await saveResult(tx, former!, passedResult())).toBe('passed');
      replacing = replaceSpecs(it.database, batchId, randomUUID(), [changed]);
      await untilSomeoneWaits(it.database, 1);
    });
    expect(await replacing).toHaveLength(1);
    const left = it.database.selectFrom('results').select('outcome').where('batch_id', '=', batchId);
    expect(await left.execute()).toEqual([]);
    expect((await readBatch(it.database, batchId))?.counts).toMatchObject({ passed: 0 });
    const [next] = await claimAll('raced');
    expect(await saveResult(it.database, next!, passedResult())).toBe('passed');
    expect(await readBatch(it.database, batchId)).toMatchObject({ state: 'finished', counts: { passed: 1 } });
  });

  test('a hand-back and a change of content at once both get through', async () => {
    const { batchId } = await submit('crossed', ['1']);
    const [former] = await claimAll('crossed');
    const changed = { spec: { id: 'crossed-0', test: 'exit 2' }, contentHash: '2', source: null };
    const both: Array<Promise<unknown>> = [];
    await it.database.transaction().execute(async (tx) => {
      await sql`select 1 from batches where id = ${batchId} for update`.execute(tx);
      both.push(replaceSpecs(it.database, batchId, randomUUID(), [changed]));
      await untilSomeoneWaits(it.database, 1);
      const how = { reason: 'stopped', failed: false, delayMs: 0, sandboxSeconds: 1 };
      both.push(handBack(it.database, former!, how));
      await untilSomeoneWaits(it.database, 2);
    });
    expect(await Promise.all(both)).toEqual([[expect.objectContaining({ taskId: 'crossed-0' })], false]);
  });

  test('each time an evaluation is accepted it has another trace, and every attempt until then the same', async () => {
    const { batchId } = await submit('traced', ['1']);
    const traces: string[] = [];
    const attempt = async (): Promise<Claimed> => {
      const [claim] = await claimAll('traced');
      traces.push(traceIdOf('a deployment', claim!));
      return claim!;
    };
    await handBack(it.database, await attempt(), { reason: 'stopped', failed: false, delayMs: 0 });
    await saveResult(it.database, await attempt(), { ...passedResult(), outcome: 'failed' });
    await retryEvaluations(it.database, batchId, ['failed']);
    await saveResult(it.database, await attempt(), passedResult());
    await submit('traced', ['2']);
    await attempt();
    const [first, second, retried, replaced] = traces;
    expect(second).toBe(first);
    expect(new Set([first, retried, replaced]).size).toBe(3);
  });

  test('a result is written over one that was left behind', async () => {
    const { batchId } = await submit('left', ['1']);
    const [claim] = await claimAll('left');
    const stale = { evaluation_id: claim!.evaluationId, batch_id: batchId, attempt: 0 };
    await it.database
      .insertInto('results')
      .values({ ...stale, outcome: 'failed', reason: 'tests', result: JSON.stringify(passedResult()) })
      .execute();
    expect(await saveResult(it.database, claim!, passedResult())).toBe('passed');
    const kept = it.database.selectFrom('results').select(['outcome', 'reason', 'attempt']);
    expect(await kept.where('batch_id', '=', batchId).execute()).toEqual([
      { outcome: 'passed', reason: '', attempt: 1 },
    ]);
  });

  test('a spec doubled in one submission with other content changes nothing', async () => {
    const { id: batchId } = await openBatch(it.database, 'doubled', 'doubled');
    const submission = randomUUID();
    const spec = { id: 'same', test: 'true' };
    await acceptSpecs(it.database, batchId, submission, [{ spec, contentHash: 'a', source: null }]);
    const other = { spec, contentHash: 'b', source: null };
    const { accepted, known } = await acceptSpecs(it.database, batchId, submission, [other]);
    expect(await replaceSpecs(it.database, batchId, submission, [other])).toEqual([]);
    expect({ accepted, known: known.map(({ sameSubmission }) => sameSubmission) }).toEqual({
      accepted: 0,
      known: [true],
    });
  });

  test('a retry takes the chosen outcomes only, and counts them anew', async () => {
    const { batchId } = await submit('retry', ['1', '2', '3']);
    const outcomes = ['passed', 'failed', 'infra_error'] as const;
    for (const [at, claim] of (await claimAll('retry')).entries())
      await saveResult(it.database, claim, { ...passedResult(), outcome: outcomes[at] ?? 'passed' });
    expect(await retryEvaluations(it.database, batchId, ['infra_error'])).toBe(1);
    expect(await readBatch(it.database, batchId)).toMatchObject({
      state: 'sealed',
      counts: { passed: 1, failed: 1, infra_error: 0 },
    });
    const [again] = await claimAll('retry');
    await saveResult(it.database, again!, passedResult());
    expect(await readBatch(it.database, batchId)).toMatchObject({
      state: 'finished',
      counts: { passed: 2, failed: 1 },
    });
    expect(await retryEvaluations(it.database, batchId, ['infra_error'])).toBe(0);
    expect((await readBatch(it.database, batchId))?.state).toBe('finished');
  });
});
