import { Worker } from 'bullmq';
import type { Log } from '../log.ts';
import { connectRedis } from './connect-redis.ts';
import { evaluationQueue, PREFIX, type Hint } from './names.ts';
import { carried } from './trace-context.ts';

/**
 * Hints that a process holds at once: one that waits for a slot, and the next ones at hand. Were it as many as there are slots,
 * a process that dies or stands still would keep from the others what they have slots for.
 */
const AT_ONCE = 3;
const LOCK_MS = 10_000;
const LOOK_FOR_DEAD_MS = 5_000;

/** The receiving end of a provider's queue. */
export interface HintConsumer {
  /** Takes nothing new in this process until `resume`. */
  pause(): void;
  resume(): void;
  /** Takes nothing new and waits for what is being worked on. */
  close(): Promise<void>;
}

interface ConsumeOptions {
  redisUrl: string;
  provider: string;
  log: Log;
}

/**
 * Hands every hint of a provider's queue to `work`. Duties:
 * 1. A job is only a hint, and done with as soon as its attempt runs: whatever `work` throws is logged and the job forgotten, since Postgres keeps the truth.
 * 2. A dead process's jobs are dropped within 15 s (short locks, maxStalledCount 0): the dispatcher's sweep adds again what is
 *    still wanted, which Redis refuses while the old job is there. A live process that loses a lock loses nothing by it.
 */
export function consumeHints(options: ConsumeOptions, work: (hint: Hint) => Promise<void>): HintConsumer {
  const connection = connectRedis(options.redisUrl);
  const queue = evaluationQueue(options.provider);
  const worker = new Worker<Hint>(
    queue,
    async (job) => {
      const { evaluationId: evaluation, attempt } = job.data;
      await work({ ...job.data, traceparent: carried(job) }).catch((error: unknown) =>
        options.log.error(
          { err: error, evaluation, attempt, provider: options.provider },
          'an evaluation escaped',
        ),
      );
    },
    {
      connection,
      prefix: PREFIX,
      concurrency: AT_ONCE,
      maxStalledCount: 0,
      lockDuration: LOCK_MS,
      stalledInterval: LOOK_FOR_DEAD_MS,
      drainDelay: 1,
    },
  );
  worker.on('error', (error) =>
    options.log.warn({ err: error, provider: options.provider }, 'the queue has troubles'),
  );
  return {
    pause: () => void worker.pause(true),
    resume: () => void worker.resume(),
    close: async () => {
      await worker.close();
      // BullMQ wakes nobody for what a closing worker leaves in the queue; others would sleep on for a second.
      await connection.zadd(`${PREFIX}:${queue}:marker`, 0, '0').catch(() => {});
      connection.disconnect();
    },
  };
}
