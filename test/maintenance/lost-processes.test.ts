import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBatch } from '../../src/database/batches.ts';
import { claimEvaluation } from '../../src/database/claim-evaluation.ts';
import { endProcess, registerProcess } from '../../src/database/processes.ts';
import { makeLog } from '../../src/log.ts';
import { handBackLost, HeartbeatObserver, LOST_AFTER_MS } from '../../src/maintenance/lost-processes.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, seedBatch, seedProvider } from '../fixtures/seed.ts';
import { untraced } from '../fixtures/tracing.ts';

describe('the observer of heartbeats', () => {
  const still = [{ id: '1', beat: '5' }];
  const lookEvery = (observer: HeartbeatObserver, untilMs: number, beats = still) => {
    let lost: unknown[] = [];
    for (let now = 0; now <= untilMs; now += 2000) lost = observer.look(beats, now);
    return lost;
  };

  test('calls a process lost once its beat stood still for the whole length', () => {
    expect(lookEvery(new HeartbeatObserver(), LOST_AFTER_MS - 2000)).toEqual([]);
    expect(lookEvery(new HeartbeatObserver(), LOST_AFTER_MS)).toEqual(still);
  });

  test('starts anew when the beat moved', () => {
    const observer = new HeartbeatObserver();
    lookEvery(observer, LOST_AFTER_MS - 2000);
    expect(observer.look([{ id: '1', beat: '6' }], LOST_AFTER_MS)).toEqual([]);
  });

  test('proves nothing across a gap in its own looking', () => {
    const observer = new HeartbeatObserver();
    observer.look(still, 0);
    expect(observer.look(still, LOST_AFTER_MS * 2)).toEqual([]);
  });
});

describe('the work of an ended process', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  beforeAll(async () => {
    it = await openTestDatabase();
  });
  afterAll(() => it.close());
  const metrics = makeMetrics([]);
  const log = makeLog('test', 'silent');
  const sweep = async (): Promise<number> =>
    handBackLost({ database: it.database, metrics, tracing: untraced, log }, new HeartbeatObserver());

  test('is handed back twice for nothing, then at the price of an attempt, and given up when none is left', async () => {
    await seedProvider(it.database, 'mortal', 4);
    const batchId = await seedBatch(it.database, 'mortal', 'mortal', 1);
    for (const failures of [0, 0, 1, 2, 3, 4, null]) {
      const processId = await registerProcess(it.database, 'evaluator');
      const [hint] = await dispatchSome(it.database, 'mortal', 1);
      await claimEvaluation(it.database, hint!, processId);
      await endProcess(it.database, processId);
      expect(await sweep()).toBe(1);
      const row = await it.database
        .selectFrom('evaluations')
        .select(['state', 'failures'])
        .executeTakeFirst();
      expect(row).toMatchObject(failures === null ? { state: 'finished' } : { state: 'waiting', failures });
    }
    expect((await readBatch(it.database, batchId))?.counts.infra_error).toBe(1);
  });

  test('is handed back also beside a claim that the database refuses to settle', async () => {
    await seedProvider(it.database, 'beside', 4);
    await seedBatch(it.database, 'beside', 'beside', 3);
    const processId = await registerProcess(it.database, 'evaluator');
    const hints = await dispatchSome(it.database, 'beside', 3);
    for (const hint of hints) await claimEvaluation(it.database, hint, processId);
    await endProcess(it.database, processId);
    await refuseToSettle(hints[0]!.evaluationId);
    expect(await sweep()).toBe(2);
    await sql`drop trigger refusing on evaluations`.execute(it.database);
    expect(await sweep()).toBe(1);
  });

  async function refuseToSettle(evaluationId: string): Promise<void> {
    await sql
      .raw(
        `create function refuse() returns trigger language plpgsql as $$ begin raise 'refused by the test'; end $$;
        create trigger refusing before update on evaluations for each row when (old.id = ${evaluationId})
          execute function refuse()`,
      )
      .execute(it.database);
  }
});
