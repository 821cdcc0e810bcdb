import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import type { Log } from '../log.ts';
import { connectRedis } from './connect-redis.ts';
import { INTAKE_QUEUE, PREFIX } from './names.ts';

const AT_ONCE = 20;
const SHORTEST_PARK_MS = 100;
const LONGEST_PARK_MS = 5000;

/** What the intake says to a job: an answer, or `parked`: ask again later, holding neither lock nor slot meanwhile. */
export type IntakeAnswer = { answer: unknown } | { parked: true };

/**
 * Feeds jobs of any BullMQ producer to `accept`. What it throws fails the job with its message and is not retried;
 * a job counts as accepted once it has completed or is parked.
 */
export function consumeIntake(
  redisUrl: string,
  log: Log,
  accept: (data: unknown) => Promise<IntakeAnswer>,
): { close(): Promise<void> } {
  const connection = connectRedis(redisUrl);
  const worker = new Worker(
    INTAKE_QUEUE,
    async (job, token) => {
      const said = await accept(job.data).catch((error: unknown) => {
        throw new UnrecoverableError(error instanceof Error ? error.message : String(error));
      });
      if ('answer' in said) return said.answer;
      const ageMs = Date.now() - job.timestamp;
      const parkMs = Math.min(LONGEST_PARK_MS, Math.max(SHORTEST_PARK_MS, ageMs / 4));
      await job.moveToDelayed(Date.now() + parkMs, token);
      throw new DelayedError();
    },
    { connection, prefix: PREFIX, concurrency: AT_ONCE, drainDelay: 1 },
  );
  worker.on('error', (error) => log.warn({ error: error.message }, 'intake queue'));
  return {
    close: async () => {
      await worker.close();
      connection.disconnect();
    },
  };
}
