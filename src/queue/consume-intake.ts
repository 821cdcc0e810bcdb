import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { connectRedis } from './connect-redis.ts';
import { INTAKE_QUEUE, PREFIX } from './names.ts';
import { carried } from './trace-context.ts';

const AT_ONCE = 20;
const SHORTEST_PARK_MS = 100;
const LONGEST_PARK_MS = 5000;

/**
 * What the intake says to a job: an answer, or the evaluation that it is `parked` for: it asks again later, naming that, and
 * holds neither lock nor slot meanwhile.
 */
export type IntakeAnswer = { answer: unknown } | { parked: string };

/** What a producer submits: a job's data, and W3C's header of the span that submitted it. */
interface Submitted {
  data: unknown;
  traceparent: string | undefined;
}

/** Asked with what was submitted, and with what the job is parked for since it was last asked. */
type Accept = (submitted: Submitted, parked: string | undefined) => Promise<IntakeAnswer>;

interface IntakeOptions {
  redisUrl: string;
  log: Log;
  /** Told once of each job. */
  onJob: (outcome: 'accepted' | 'refused') => void;
}

/**
 * Feeds jobs of any BullMQ producer to `accept`. What it throws that is the producer's or the spec's fault fails the job with
 * its message; at any other failure the job is kept and asks again. What it is parked for is its progress.
 */
export function consumeIntake(
  { redisUrl, log, onJob }: IntakeOptions,
  accept: Accept,
): { close(): Promise<void> } {
  const connection = connectRedis(redisUrl);
  const worker = new Worker(
    INTAKE_QUEUE,
    async (job, token) => {
      const before = parkedFor(job);
      const submitted = { data: job.data, traceparent: carried(job) };
      const said = await accept(submitted, before).catch((error: unknown) => {
        if (isProducers(error)) {
          if (before === undefined) onJob('refused');
          throw new UnrecoverableError(error.message);
        }
        log.warn({ err: error, job: job.id }, 'a job was not accepted; it is tried again');
        return { parked: before };
      });
      if (before === undefined && ('answer' in said || said.parked !== undefined)) onJob('accepted');
      if ('answer' in said) return said.answer;
      if (said.parked !== undefined && said.parked !== before)
        await job.updateProgress({ evaluationId: said.parked });
      const ageMs = Date.now() - job.timestamp;
      const parkMs = Math.min(LONGEST_PARK_MS, Math.max(SHORTEST_PARK_MS, ageMs / 4));
      await job.moveToDelayed(Date.now() + parkMs, token);
      throw new DelayedError();
    },
    { connection, prefix: PREFIX, concurrency: AT_ONCE, drainDelay: 1 },
  );
  worker.on('error', (error) => log.warn({ err: error }, 'the intake queue has troubles'));
  return {
    close: async () => {
      await worker.close();
      connection.disconnect();
    },
  };
}

function isProducers(error: unknown): error is EvalpoolError {
  return error instanceof EvalpoolError && (error.kind.blame === 'spec' || error.kind.blame === 'user');
}

function parkedFor({ progress }: Job): string | undefined {
  if (typeof progress !== 'object' || !('evaluationId' in progress)) return undefined;
  return String(progress.evaluationId);
}
