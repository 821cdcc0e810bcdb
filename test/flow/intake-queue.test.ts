import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { findBatch, readBatch } from '../../src/database/batches.ts';
import { connectDatabase, type Database } from '../../src/database/connect.ts';
import { useStack, type Stack } from '../../src/local/use-stack.ts';
import { makeLog } from '../../src/log.ts';

const log = makeLog('test', 'silent');

describe('the intake queue', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-test-'));
  chmodSync(folder, 0o711);
  const open: Array<() => unknown> = [];
  let stack: Stack;
  let database: Database;
  let queue: Queue;
  let events: QueueEvents;

  beforeAll(async () => {
    stack = await useStack(readConfig({ EVALPOOL_HOME: join(folder, 'home') }), { log, concurrency: 2 });
    database = connectDatabase(stack.databaseUrl, log);
    const connect = (): Redis => {
      const redis = new Redis(stack.redisUrl.replace('unix://', ''), { maxRetriesPerRequest: null });
      open.push(() => redis.disconnect());
      return redis;
    };
    queue = new Queue('evalpool-intake', { connection: connect(), prefix: '{evalpool}' });
    events = new QueueEvents('evalpool-intake', { connection: connect(), prefix: '{evalpool}' });
  });
  afterAll(async () => {
    await Promise.all([queue.close(), events.close(), database.destroy()]);
    for (const close of open) close();
    await stack.leave();
    rmSync(folder, { recursive: true, force: true });
  });

  const submit = async (data: unknown): Promise<Record<string, unknown>> => {
    const job = await queue.add('spec', data);
    return await job.waitUntilFinished(events);
  };

  test('answers with the result when the producer waits, and with the acceptance when not', async () => {
    const waited = await submit({
      batch: 'answers',
      spec: { id: 'a', test: 'echo out; exit 4' },
      wait: true,
    });
    expect(waited).toMatchObject({
      outcome: 'failed',
      reason: 'tests',
      result: { exitCode: 4, tail: 'out' },
    });
    const accepted = await submit({ batch: 'answers', spec: { id: 'b', test: 'true' } });
    expect(accepted).toEqual({ evaluationId: expect.any(String) });
  });

  test('accepts the same key or the same spec once, and refuses other content under one id', async () => {
    const spec = { id: 'same', test: 'true' };
    const first = await submit({ batch: 'once', spec, key: 'k' });
    expect(await submit({ batch: 'once', spec: { ...spec, id: 'renamed' }, key: 'k' })).toEqual(first);
    expect(await submit({ batch: 'once', spec })).toEqual(first);
    await expect(submit({ batch: 'once', spec: { ...spec, test: 'false' } })).rejects.toThrow(
      /other content/,
    );
  });

  test.each([
    [{ batch: 'bad', spec: { id: 'a' } }, /test/],
    [{ batch: 'bad', spec: { id: 'a', test: 'true', repo: '/etc' } }, /repo/],
    [{ batch: 'bad', spec: { id: 'a', test: 'true', rpeo: 'x' } }, /repo/],
    [{ spec: { id: 'a', test: 'true' } }, /batch/],
    ['nonsense', /intake job/],
  ])('fails a bad job with its reason: %j', async (data, reason) => {
    await expect(submit(data)).rejects.toThrow(reason);
  });

  test('tries a job again that met a failure which is not its own, and does not lose it', async () => {
    await sql
      .raw(
        `create function pass() returns trigger language plpgsql as $$ begin raise 'a failure that passes'; end $$;
        create trigger passing before insert on evaluations for each row when (new.task_id = 'passing')
          execute function pass()`,
      )
      .execute(database);
    const parked = once(events, 'delayed');
    const job = await queue.add('spec', { batch: 'passing', spec: { id: 'passing', test: 'true' } });
    const finished: Promise<unknown> = job.waitUntilFinished(events);
    await Promise.race([parked, finished]);
    await sql`drop trigger passing on evaluations`.execute(database);
    expect(await finished).toEqual({ evaluationId: expect.any(String) });
  });

  test('finishes a batch that a job has sealed, and not before', async () => {
    await submit({ batch: 'sealed', spec: { id: 'a', test: 'true' }, wait: true });
    const id = await findBatch(database, 'sealed');
    expect(await readBatch(database, id!)).toMatchObject({ state: 'open', counts: { passed: 1 } });
    await submit({ batch: 'sealed', seal: true });
    expect(await readBatch(database, id!)).toMatchObject({ state: 'finished' });
  });

  test('runs the example producer', async () => {
    const env = { ...process.env, REDIS_URL: stack.redisUrl.replace('unix://', '') };
    const { stdout } = await promisify(execFile)(process.execPath, ['examples/producer.mjs', 'example'], {
      env,
    });
    expect(stdout).toBe('hello: passed\nwrong: failed (tests)\n');
  });
});
