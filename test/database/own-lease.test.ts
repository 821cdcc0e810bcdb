import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { keepLease, type OwnLease } from '../../src/database/own-lease.ts';
import { deferred } from '../../src/deferred.ts';
import { endProcess } from '../../src/database/processes.ts';
import { untilWritten } from '../../src/evaluation/until-written.ts';
import { clearLogLevel, setLogLevel } from '../../src/database/log-levels.ts';
import { makeLog } from '../../src/log.ts';
import { openTestDatabase } from '../fixtures/database.ts';

const log = makeLog('test', 'silent');
const PACE = { beatMs: 20, unsureAfterMs: 300, lostAfterMs: 600_000 };

describe('the lease of a process', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let lease: OwnLease;
  beforeAll(async () => {
    it = await openTestDatabase();
  });
  /** Lets heartbeats be answered, whatever a test came to. */
  let mend: (() => void) | undefined;
  afterEach(async () => {
    mend?.();
    await lease.end();
  });
  afterAll(() => it.close());

  const keep = async (pace = PACE): Promise<void> => {
    lease = await keepLease(it.database, { kind: 'evaluator' }, log, pace);
  };

  /** Lets no heartbeat be answered until the end of it, which may declare the process dead meanwhile. */
  async function unanswered(): Promise<{ end: (declareDead: boolean) => Promise<void> }> {
    const [locked, over] = [deferred(), deferred<boolean>()];
    const holding = it.database.transaction().execute(async (transaction) => {
      await sql`select from processes where id = ${lease.processId} for update`.execute(transaction);
      locked.resolve();
      if (await over.promise) await endProcess(transaction, lease.processId);
    });
    mend = () => over.resolve(false);
    await locked.promise;
    const end = async (declareDead: boolean): Promise<void> => {
      over.resolve(declareDead);
      await holding;
    };
    return { end };
  }

  /** A write that counts itself. */
  function counted(): { times: () => number; done: Promise<number | undefined> } {
    let writes = 0;
    const done = untilWritten({ lease, log }, 'something', async () => (writes += 1));
    return { times: () => writes, done };
  }

  test('is in doubt without an answer, and held again once one comes: nothing is dropped', async () => {
    await keep();
    expect(lease.held()).toBe(true);
    const away = await unanswered();
    await expect.poll(() => lease.held()).toBe(false);
    const write = counted();
    expect(lease.lost.aborted).toBe(false);
    expect(write.times()).toBe(0);
    await away.end(false);
    await expect.poll(() => lease.held()).toBe(true);
    expect(await write.done).toBe(1);
    expect(lease.lost.aborted).toBe(false);
  });

  test('is lost when the process was declared dead meanwhile, and nothing is written before it hears so', async () => {
    await keep();
    const away = await unanswered();
    await expect.poll(() => lease.held()).toBe(false);
    const write = counted();
    const lost = once(lease.lost, 'abort');
    await away.end(true);
    await lost;
    expect(lease.held()).toBe(false);
    expect(await write.done).toBeUndefined();
    expect(write.times()).toBe(0);
  });

  test('brings the level that is set for the logs of its kind, or of all, for as long as it is set', async () => {
    const own = makeLog('evaluator', 'silent');
    lease = await keepLease(it.database, { kind: 'evaluator' }, own, PACE);
    await setLogLevel(it.database, { kind: 'all', level: 'error', forS: 60 });
    await expect.poll(() => own.level).toBe('error');
    await setLogLevel(it.database, { kind: 'evaluator', level: 'fatal', forS: 60 });
    await setLogLevel(it.database, { kind: 'reaper', level: 'trace', forS: 60 });
    await expect.poll(() => own.level).toBe('fatal');
    await setLogLevel(it.database, { kind: 'evaluator', level: 'fatal', forS: 0 });
    await expect.poll(() => own.level).toBe('error');
    await clearLogLevel(it.database, 'all');
    await expect.poll(() => own.level).toBe('silent');
  });

  test('is lost after too long without any answer', async () => {
    await keep({ ...PACE, lostAfterMs: 400 });
    const lost = once(lease.lost, 'abort');
    const away = await unanswered();
    await lost;
    expect(lease.held()).toBe(false);
    await away.end(false);
  });
});
