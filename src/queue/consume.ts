import { Worker } from 'bullmq';
import type { Log } from '../log.ts';
import { connectRedis } from './connect-redis.ts';
import { evaluationQueue, PREFIX, type Hint } from './names.ts';

/** The receiving end of a provider's queue. */
export interface HintConsumer {
  /** How many hints are worked on at once. */
  setConcurrency(concurrency: number): void;
  /** Takes nothing new and waits for what is being worked on. */
  close(): Promise<void>;
}

interface ConsumeOptions {
  redisUrl: string;
  provider: string;
  concurrency: number;
  log: Log;
}

/**
 * Hands every hint of a provider's queue to `work`. Duties:
 * 1. A job is only a hint: whatever `work` throws is logged and the job forgotten, since Postgres keeps the truth.
 * 2. A stalled job is dropped (maxStalledCount 0); the dispatcher's sweep adds what is still wanted.
 */
export function consumeHints(options: ConsumeOptions, work: (hint: Hint) => Promise<void>): HintConsumer {
  const connection = connectRedis(options.redisUrl);
  const worker = new Worker<Hint>(
    evaluationQueue(options.provider),
    async (job) => {
      await work(job.data).catch((error: unknown) =>
        options.log.error({ err: error, ...job.data }, 'an evaluation escaped'),
      );
    },
    { connection, prefix: PREFIX, concurrency: options.concurrency, maxStalledCount: 0, drainDelay: 1 },
  );
  worker.on('error', (error) => options.log.warn({ error: error.message }, 'queue'));
  return {
    setConcurrency: (concurrency) => {
      worker.concurrency = concurrency;
    },
    close: async () => {
      await worker.close();
      connection.disconnect();
    },
  };
}
