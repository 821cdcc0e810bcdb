import { randomUUID } from 'node:crypto';
import { Queue, QueueEvents } from 'bullmq';
import { seededDice } from '../../bench/chaos/dice.ts';
import { FAULTS } from '../../bench/chaos/faults.ts';
import { drawWork, submitWork } from '../../bench/chaos/truth.ts';
import { PROVIDER } from '../../bench/chaos/world.ts';
import { untilFinished, type CalmWorld } from '../../bench/queue/run-work.ts';
import { changeBatch, changeTenant } from '../../src/database/change-shares.ts';
import { connectRedis } from '../../src/queue/connect-redis.ts';
import { INTAKE_QUEUE, PREFIX } from '../../src/queue/names.ts';

/** A provider that is unwell now and then, so that everything that is counted happens. */
export const NIGHT_FAULTS = {
  rules: [
    ...FAULTS.rules,
    { do: 'answer', on: 'create', probability: 0.1, times: 2, status: 429 },
    { do: 'answer', on: 'create', probability: 0.1, times: 4, status: 503 },
  ],
};

const BATCHES = [
  { name: 'nightly-big', tenant: 'research', count: 180 },
  { name: 'nightly-small', tenant: 'product', count: 60 },
];

/** A small night: two tenants with a batch each, one of them with a deadline and a budget, and jobs of a BullMQ producer. */
export async function runNight(world: CalmWorld): Promise<void> {
  const { database, wake } = world;
  await changeTenant(database, 'product', { weight: 2 });
  const ids: string[] = [];
  for (const [at, { name, tenant, count }] of BATCHES.entries()) {
    const work = drawWork(seededDice(at + 1), { count, seconds: [0.2, 2], timeouts: true });
    const { id } = await submitWork(database, work, { name, provider: PROVIDER });
    await database.updateTable('batches').set({ tenant }).where('id', '=', id).execute();
    ids.push(id);
  }
  const deadlineAt = new Date(Date.now() + 3_600_000);
  await changeBatch(database, ids[0] ?? '', { deadlineAt, maxCostUsd: 10, maxSandboxS: 36_000 });
  wake.send('dispatch');
  await submitJobs(world.redisUrl);
  await Promise.all(ids.map(async (id) => untilFinished(database, id)));
}

async function submitJobs(redisUrl: string): Promise<void> {
  const [connection, listening] = [connectRedis(redisUrl), connectRedis(redisUrl)];
  const queue = new Queue(INTAKE_QUEUE, { connection, prefix: PREFIX });
  const events = new QueueEvents(INTAKE_QUEUE, { connection: listening, prefix: PREFIX });
  const good = { batch: 'by-jobs', provider: PROVIDER, spec: { id: 'a', test: 'sim 0.2' }, seal: true };
  const bad = { batch: 'by-jobs', provider: PROVIDER, spec: { id: 'b', tset: 'sim 0.2' } };
  for (const data of [good, bad]) {
    const job = await queue.add('evaluate', data, { jobId: randomUUID() });
    await job.waitUntilFinished(events).catch(() => undefined);
  }
  await events.close();
  await queue.close();
  connection.disconnect();
  listening.disconnect();
}
