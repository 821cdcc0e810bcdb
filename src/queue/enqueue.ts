import { Queue } from 'bullmq';
import { connectRedis } from './connect-redis.ts';
import { evaluationQueue, PREFIX, type Hint } from './names.ts';

/** The sending end of a provider's queue. */
export interface HintQueue {
  /** Adds hints; one that is in the queue already stays as it is. */
  add(hints: readonly Hint[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the queue of one provider for adding. */
export function openHintQueue(redisUrl: string, provider: string): HintQueue {
  const connection = connectRedis(redisUrl);
  const queue = new Queue(evaluationQueue(provider), { connection, prefix: PREFIX });
  queue.on('error', () => {});
  return {
    add: async (hints) => {
      const jobs = hints.map((hint) => ({
        name: 'evaluate',
        data: hint,
        opts: {
          jobId: `${hint.evaluationId}-${hint.attempt}`,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        },
      }));
      await queue.addBulk(jobs);
    },
    close: async () => {
      await queue.close();
      connection.disconnect();
    },
  };
}
