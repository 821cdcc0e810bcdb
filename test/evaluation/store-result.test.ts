import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimEvaluation } from '../../src/database/claim-evaluation.ts';
import { keepLease, type OwnLease } from '../../src/database/own-lease.ts';
import { readResults } from '../../src/database/read-results.ts';
import { noEvidence } from '../../src/evaluation/evidence.ts';
import { storeResult } from '../../src/evaluation/store-result.ts';
import { tellAttempt } from '../../src/evaluation/tell-attempt.ts';
import { untilWritten } from '../../src/evaluation/until-written.ts';
import { makeLog } from '../../src/log.ts';
import { Measures } from '../../src/evaluation/measures.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';
import { TIERS } from '../../src/slots/tiers.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, seedBatch, seedProvider } from '../fixtures/seed.ts';
import { untraced } from '../fixtures/tracing.ts';

const log = makeLog('test', 'silent');

describe('writing what an attempt came to', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let lease: OwnLease;
  beforeAll(async () => {
    it = await openTestDatabase();
    lease = await keepLease(it.database, { kind: 'evaluator' }, log);
  });
  afterAll(async () => {
    await lease.end();
    await it.close();
  });

  test('is tried again while the database cannot, not when it will never take the data', async () => {
    let tries = 0;
    const write = async (): Promise<unknown> => {
      tries += 1;
      if (tries === 1) throw new Error('Connection terminated unexpectedly');
      return sql`select ${'no json'}::jsonb`.execute(it.database);
    };
    await expect(untilWritten({ lease, log }, 'something', write)).rejects.toThrow('invalid input syntax');
    expect(tries).toBe(2);
  });

  test('ends the evaluation without a verdict where the result itself is refused', async () => {
    await sql`alter table results add constraint picky check (result->>'tail' <> 'refused')`.execute(
      it.database,
    );
    await seedProvider(it.database, 'picky', 1);
    const batchId = await seedBatch(it.database, 'picky', 'picky', 1);
    const [hint] = await dispatchSome(it.database, 'picky', 1);
    const claimed = await claimEvaluation(it.database, hint!, lease.processId);
    const provider = { name: 'picky', template: 'base' };
    const context = {
      database: it.database,
      lease,
      log,
      provider,
      prices: () => TIERS.local,
      measures: new Measures(makeMetrics(['picky']), provider, untraced),
    };
    const slot = { askedMs: 0, hadMs: 0 };
    const arrival = { slot, traceparent: undefined };
    const teller = tellAttempt({ ...context, tracing: untraced }, claimed!, arrival);
    await storeResult({ ...context, teller }, claimed!, {
      sandbox: { seconds: 1 },
      evidence: { ...noEvidence(), tail: 'refused' },
      startedAt: new Date(),
      error: undefined,
    });
    const results = [];
    for await (const result of readResults(it.database, batchId)) results.push(result);
    expect(results).toMatchObject([
      { outcome: 'infra_error', result: { failure: { code: 'STORE_FAILED' }, tail: '' } },
    ]);
  });
});
