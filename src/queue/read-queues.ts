import { Queue } from 'bullmq';
import { connectRedis } from './connect-redis.ts';
import { evaluationQueue, INTAKE_QUEUE, PREFIX } from './names.ts';

const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** Jobs of one queue by state. */
export interface QueueCounts {
  queue: string;
  counts: Readonly<Record<string, number>>;
}

/** Looks at Redis, for the metrics. */
export interface QueueReader {
  /** The intake queue and those of the given providers. */
  readCounts(providers: readonly string[]): Promise<QueueCounts[]>;
  /** Bytes that Redis uses. */
  readMemory(): Promise<number>;
  close(): Promise<void>;
}

/** Opens one connection for looking; while Redis is away it fails at once. */
export function openQueueReader(redisUrl: string): QueueReader {
  const connection = connectRedis(redisUrl, { enableOfflineQueue: false });
  const queues = new Map<string, Queue>();
  const queueNamed = (name: string): Queue => {
    const queue = queues.get(name) ?? new Queue(name, { connection, prefix: PREFIX });
    if (!queues.has(name)) queue.on('error', () => {});
    queues.set(name, queue);
    return queue;
  };
  return {
    readCounts: async (providers) =>
      Promise.all(
        [INTAKE_QUEUE, ...providers.map(evaluationQueue)].map(async (queue) => {
          const counts = await queueNamed(queue).getJobCounts(...STATES);
          return { queue, counts };
        }),
      ),
    readMemory: async () => Number(/^used_memory:(\d+)/m.exec(await connection.info('memory'))?.[1]),
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      connection.disconnect();
    },
  };
}
