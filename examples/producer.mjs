// Submits evaluations through BullMQ. Needs a running deployment: REDIS_URL=… node examples/producer.mjs
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';

const connect = () =>
  new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const connections = [connect(), connect()];
const queue = new Queue('evalpool-intake', { connection: connections[0], prefix: '{evalpool}' });
const events = new QueueEvents('evalpool-intake', { connection: connections[1], prefix: '{evalpool}' });
const batch = process.argv[2] ?? `producer-${Date.now()}`;

// `key` makes a repeated add harmless; `wait` answers with the result instead of the acceptance.
const specs = [
  { id: 'hello', test: 'echo hello' },
  { id: 'wrong', test: 'exit 1' },
];
const jobs = await queue.addBulk(
  specs.map((spec) => ({ name: 'evaluate', data: { batch, spec, key: spec.id, wait: true } })),
);
for (const job of jobs) {
  const { outcome, reason } = await job.waitUntilFinished(events);
  console.log(`${job.data.spec.id}: ${outcome}${reason && ` (${reason})`}`);
}

// Nothing more is coming: the batch finishes with its last evaluation.
await (await queue.add('seal', { batch, seal: true })).waitUntilFinished(events);

await Promise.all([queue.close(), events.close()]);
for (const connection of connections) connection.disconnect();
