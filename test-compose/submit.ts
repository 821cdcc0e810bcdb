import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { INTAKE_QUEUE, PREFIX } from '../src/queue/names.ts';

/** Submits a batch as any BullMQ producer does, and seals it. Resolves once all of it is accepted. */
export async function submit(redisUrl: string, batch: string, specs: readonly object[]): Promise<void> {
  const connections = [1, 2].map(() => new Redis(redisUrl, { maxRetriesPerRequest: null }));
  const [adding, hearing] = connections;
  if (!adding || !hearing) return;
  const queue = new Queue(INTAKE_QUEUE, { connection: adding, prefix: PREFIX });
  const events = new QueueEvents(INTAKE_QUEUE, { connection: hearing, prefix: PREFIX });
  for (const each of [queue, events]) each.setMaxListeners(0); // one for each job that is waited for
  await events.waitUntilReady();
  const jobs = await queue.addBulk(specs.map((spec) => ({ name: 'evaluate', data: { batch, spec } })));
  await Promise.all(jobs.map(async (job) => job.waitUntilFinished(events)));
  await (await queue.add('seal', { batch, seal: true })).waitUntilFinished(events);
  await Promise.all([queue.close(), events.close()]);
  for (const connection of connections) connection.disconnect();
}
