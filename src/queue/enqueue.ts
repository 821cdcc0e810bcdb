import { Queue } from 'bullmq';
import { connectRedis } from './connect-redis.ts';
import { evaluationQueue, PREFIX, type Hint } from './names.ts';
import { carry } from './trace-context.ts';

/** The sending end of every provider's queue. */
export interface HintQueues {
  /** Adds hints; one that is in the queue already stays as it is. */
  add(provider: string, hints: readonly Hint[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the queues for adding, each at its first hint, over one connection. */
export function openHintQueues(redisUrl: string): HintQueues {
  const connection = connectRedis(redisUrl);
  const queues = new Map<string, Queue>();
  const queueOf = (provider: string): Queue => {
    const known = queues.get(provider);
    if (known) return known;
    const queue = new Queue(evaluationQueue(provider), { connection, prefix: PREFIX });
    queue.on('error', () => {});
    queues.set(provider, queue);
    return queue;
  };
  return {
    add: async (provider, hints) => {
      const jobs = hints.map(({ traceparent, ...hint }) => ({
        name: 'evaluate',
        data: hint,
        opts: {
          jobId: `${hint.evaluationId}-${hint.attempt}`,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
          ...carry(traceparent),
        },
      }));
      await queueOf(provider).addBulk(jobs);
    },
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      connection.disconnect();
    },
  };
}
