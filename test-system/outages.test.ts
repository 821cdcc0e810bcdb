import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { acceptSpecs } from '../src/database/accept-specs.ts';
import { openBatch, readBatch, sealBatch, type Batch } from '../src/database/batches.ts';
import { connectDatabase, type Database } from '../src/database/connect.ts';
import { useStack, type Stack } from '../src/local/use-stack.ts';
import { makeLog } from '../src/log.ts';
import { Bell } from '../src/pacing.ts';
import { openWake, type Wake } from '../src/queue/wake.ts';
import { openSandboxes } from '../src/sandbox/e2b-sandboxes.ts';
import { readOpenRows } from '../src/slots/slots.ts';

const POLL = { timeout: 120_000, interval: 200 };
const log = makeLog('test', 'silent');

describe('an outage in the middle of a batch', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-test-'));
  chmodSync(folder, 0o711);
  let stack: Stack;
  let database: Database;
  let wake: Wake;

  beforeAll(async () => {
    const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
    stack = await useStack(config, { log, concurrency: 4 });
    database = connectDatabase(stack.databaseUrl, log);
    wake = openWake(stack.redisUrl);
  });
  afterAll(async () => {
    wake.close();
    await database.destroy();
    await stack.leave();
    rmSync(folder, { recursive: true, force: true });
  });

  async function submit(name: string, count: number, script: string): Promise<string> {
    const batch = await openBatch(database, name, 'local');
    const specs = Array.from({ length: count }, (_, index) => ({
      spec: { id: `${name}/${index}`, test: script },
      contentHash: String(index),
      source: null,
    }));
    await acceptSpecs(database, batch.id, randomUUID(), specs);
    await sealBatch(database, batch.id);
    wake.send('dispatch');
    return batch.id;
  }

  async function until(batchId: string, reached: (batch: Batch, running: number) => boolean): Promise<Batch> {
    const bell = new Bell();
    const unsubscribe = wake.on(`batch:${batchId}`, () => bell.ring());
    try {
      for (;;) {
        const batch = await readBatch(database, batchId);
        const running = await database
          .selectFrom('evaluations')
          .select('id')
          .where('state', '=', 'running')
          .execute();
        if (batch && reached(batch, running.length)) return batch;
        await bell.wait(100);
      }
    } finally {
      unsubscribe();
    }
  }

  async function expectNoSandbox(): Promise<void> {
    const { apiUrl, sandboxUrl, apiKey } = stack.provider;
    const provider = {
      ...readConfig({}).provider,
      apiUrl: apiUrl ?? undefined,
      sandboxUrl: sandboxUrl ?? undefined,
      apiKey: apiKey ?? undefined,
    };
    // A create whose reply was lost keeps its slot for three minutes by design: it may still take effect.
    await expect
      .poll(async () => (await readOpenRows(database, 'local')).filter((row) => row.sandboxId), POLL)
      .toEqual([]);
    await expect.poll(() => openSandboxes(provider).list({}), POLL).toEqual([]);
  }

  test('an evaluator killed with -9 costs time, no verdict, no sandbox and no slot', async () => {
    const id = await submit('killed', 12, 'sleep 3');
    await until(id, (batch, running) => batch.counts.passed > 0 && running === 4);
    const evaluator = await database
      .selectFrom('processes')
      .select('pid')
      .where('kind', '=', 'evaluator')
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow();
    process.kill(evaluator.pid, 'SIGKILL');
    const batch = await until(id, ({ state }) => state === 'finished');
    expect(batch.counts).toMatchObject({ passed: 12, infra_error: 0 });
    const lost = await database
      .selectFrom('attempts')
      .select('number')
      .where('reason', '=', 'worker_lost')
      .execute();
    expect(lost.length).toBeGreaterThan(0);
    await expectNoSandbox();
  });

  test('logs that cannot be written cost time, no attempt and hardly a sandbox', async () => {
    const blobs = join(folder, 'home', 'blobs');
    const id = await submit('unkept', 12, 'echo kept');
    rmSync(blobs, { recursive: true, force: true });
    writeFileSync(blobs, 'in its place');
    const attempts = (): Promise<Array<{ reason: string | null }>> =>
      database
        .selectFrom('attempts')
        .innerJoin('evaluations', 'evaluations.id', 'attempts.evaluation_id')
        .select('reason')
        .where('batch_id', '=', id)
        .execute();
    // What is offered to the evaluator and not taken.
    const untouchedS = async (): Promise<number> => {
      const { rows } = await sql<{ seconds: number }>`
        select extract(epoch from now() - min(dispatched_at))::float8 as seconds from evaluations
        where batch_id = ${id} and state = 'dispatched'`.execute(database);
      return rows[0]?.seconds ?? 0;
    };
    await expect.poll(untouchedS, POLL).toBeGreaterThan(4);
    const before = await attempts();
    expect(before.length).toBeLessThanOrEqual(8); // those that had begun when the first was refused
    expect(before.every(({ reason }) => reason === 'store')).toBe(true);
    rmSync(blobs);
    const batch = await until(id, ({ state }) => state === 'finished');
    expect(batch.counts).toMatchObject({ passed: 12 });
    expect(await attempts()).toHaveLength(12 + before.length);
  });

  test('all of Redis lost costs no verdict', async () => {
    const id = await submit('flushed', 16, 'sleep 0.3');
    await until(id, (_batch, running) => running > 0);
    const redis = new Redis(stack.redisUrl.replace('unix://', ''));
    await redis.flushall();
    redis.disconnect();
    const batch = await until(id, ({ state }) => state === 'finished');
    expect(batch.counts).toMatchObject({ passed: 16, infra_error: 0 });
    await expectNoSandbox();
  });
});
