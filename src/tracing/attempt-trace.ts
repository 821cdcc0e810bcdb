import type { ErrorCode, EvalpoolError } from '../errors.ts';
import type { Stage } from '../stage.ts';
import { tellError } from './tell-error.ts';
import { readTraceparent, traceparentOf } from './trace-ids.ts';
import type { SpanWriter } from './write-spans.ts';

/** What one attempt adds to the trace of its evaluation. Times are performance.now() of this process, ms. */
export interface AttemptTrace {
  /** The attempt was put into a queue of BullMQ. */
  dispatched(queue: string): void;
  /** The header that its job is to carry, told to the queue for the first time or again; undefined: none. */
  header(): string | undefined;
  /** It was claimed: its wait is over. */
  claimed(wait: Wait): void;
  stageEnded(stage: Stage, seconds: number, outcome: 'ok' | 'ABORTED' | ErrorCode): void;
  /** It was settled in Postgres. */
  ended(attempt: EndedAttempt): void;
}

/** How an attempt waited. */
interface Wait {
  provider: string;
  /** Since the acceptance or the last hand-back. */
  waitedMs: number;
  /** When a slot was asked for, and had. */
  slot: { askedMs: number; hadMs: number };
  /** The header that came with its job. */
  traceparent: string | undefined;
}

/** How an attempt came out. */
interface EndedAttempt {
  startMs: number;
  endMs: number;
  provider: string;
  /** The outcome, or why it was handed back. */
  reason: string;
  /** What went wrong; undefined also when it was only asked to stop. */
  error: EvalpoolError | undefined;
  sandboxId?: string | undefined;
}

/** The attempt of that number. */
export function attemptTrace(writer: SpanWriter, evaluationId: string, number: number): AttemptTrace {
  const about = { 'evalpool.evaluation.id': evaluationId, 'evalpool.attempt': number };
  const its: Its = { number, about, writer };
  return {
    dispatched: (queue) => writeDispatch(its, queue),
    header: () => (writer.wanted ? traceparentOf(writer.name(`dispatch ${number}`)) : undefined),
    claimed: (wait) => writeWait(its, wait),
    stageEnded: (stage, seconds, outcome) => writeStage(its, { stage, seconds, outcome }),
    ended: (ended) => writeAttempt(its, ended),
  };
}

interface Its {
  number: number;
  about: { 'evalpool.evaluation.id': string; 'evalpool.attempt': number };
  writer: SpanWriter;
}

function writeDispatch({ number, about, writer }: Its, queue: string): void {
  const now = performance.now();
  writer.write(`dispatch ${number}`, {
    startMs: now,
    endMs: now,
    under: `queue ${number}`,
    kind: 'producer',
    attributes: {
      ...about,
      'messaging.system': 'bullmq',
      'messaging.operation.type': 'send',
      'messaging.destination.name': queue,
    },
  });
}

function writeWait({ number, about, writer }: Its, { provider, waitedMs, slot, traceparent }: Wait): void {
  const endMs = performance.now();
  const attributes = { ...about, 'evalpool.provider': provider };
  writer.write(`queue ${number}`, { startMs: writer.ago(waitedMs), endMs, attributes });
  // It began when the job was taken, so what the job carried belongs here.
  writer.write(`slot ${number}`, {
    startMs: slot.askedMs,
    endMs: slot.hadMs,
    under: `queue ${number}`,
    kind: 'consumer',
    attributes,
    links: [readTraceparent(traceparent)],
  });
}

function writeStage(
  { number, writer }: Its,
  { stage, seconds, outcome }: { stage: Stage; seconds: number; outcome: 'ok' | 'ABORTED' | ErrorCode },
): void {
  const endMs = performance.now();
  const { attributes, error } = tellError(outcome === 'ok' || outcome === 'ABORTED' ? undefined : outcome);
  writer.write(`${stage} ${number}`, {
    startMs: endMs - seconds * 1000,
    endMs,
    under: `attempt ${number}`,
    attributes: { 'evalpool.stage.outcome': outcome, ...attributes },
    error,
  });
}

function writeAttempt(
  { number, about, writer }: Its,
  { provider, reason, error, sandboxId, ...times }: EndedAttempt,
): void {
  const told = tellError(error?.code, error?.message);
  writer.write(`attempt ${number}`, {
    ...times,
    attributes: {
      ...about,
      'evalpool.provider': provider,
      'evalpool.sandbox.id': sandboxId,
      'evalpool.reason': reason,
      ...told.attributes,
    },
    error: told.error,
  });
}
