import { harmlessLine } from '../harmless-text.ts';
import type { EvaluationResult } from '../result.ts';
import { attemptTrace, type AttemptTrace } from './attempt-trace.ts';
import type { SpanSender } from './span.ts';
import { tellError } from './tell-error.ts';
import { readTraceparent, traceIdOf, type JustRead } from './trace-ids.ts';
import { openWriter, ROOT, type SpanWriter } from './write-spans.ts';

/**
 * The trace of one evaluation, as far as one process has to do with it (docs/operations.md draws all of it). Every span is
 * sent once, when it has ended, by the process that knows: attempts and the evaluation by whoever settled them in Postgres.
 */
export interface EvaluationTrace {
  id: string;
  /** When that was what Postgres said was so long ago, by performance.now() of this process, ms. */
  ago(ms: number): number;
  /** A producer's job was accepted that carried this header. */
  accepted(traceparent: string): void;
  attempt(number: number): AttemptTrace;
  /** Its result was written. */
  ended(result: EvaluationResult, facts: EndedFacts): void;
}

/** What else is said of an evaluation that has ended. */
export interface EndedFacts {
  batchId: string;
  taskId?: string | undefined;
  sample?: number | undefined;
}

const LONGEST_ID = 200;

/** Opens it. Without a sender it only has its id. */
export function openTrace(
  deployment: string,
  evaluation: JustRead,
  sender: SpanSender | undefined,
): EvaluationTrace {
  const writer = openWriter(traceIdOf(deployment, evaluation), evaluation, sender);
  const { evaluationId, ageMs } = evaluation;
  const startMs = writer.ago(ageMs);
  return {
    id: writer.traceId,
    ago: (ms) => writer.ago(ms),
    accepted: (traceparent) => writeAcceptance(writer, traceparent, startMs),
    attempt: (number) => attemptTrace(writer, evaluationId, number),
    ended: (result, facts) => writeEnd(writer, { ...result, ...facts, evaluationId, startMs }),
  };
}

function writeAcceptance(writer: SpanWriter, traceparent: string, startMs: number): void {
  const cause = readTraceparent(traceparent);
  if (!cause || !writer.wanted) return;
  const attributes = { 'messaging.system': 'bullmq', 'messaging.operation.type': 'process' };
  const span = { startMs, endMs: performance.now(), kind: 'consumer', attributes } as const;
  writer.write('accept', { ...span, links: [cause] });
  // In the producer's own trace too, so that each leads to the other.
  const there = { traceId: cause.traceId, parent: cause, name: 'evalpool accept' };
  writer.writeElsewhere({ ...span, ...there, links: [writer.name(ROOT)] });
}

function writeEnd(
  writer: SpanWriter,
  {
    startMs,
    taskId,
    failure,
    ...of
  }: EvaluationResult & EndedFacts & { evaluationId: string; startMs: number },
): void {
  const { attributes, error } = tellError(failure?.code, failure?.message);
  writer.write(ROOT, {
    startMs,
    endMs: performance.now(),
    attributes: {
      'evalpool.evaluation.id': of.evaluationId,
      'evalpool.batch.id': of.batchId,
      'evalpool.task.id': taskId && harmlessLine(taskId, LONGEST_ID),
      'evalpool.sample': of.sample,
      'evalpool.outcome': of.outcome,
      'evalpool.reason': of.reason || undefined,
      'evalpool.provider': of.provider,
      'evalpool.attempts': of.attempts,
      'evalpool.sandbox.seconds': of.sandboxSeconds,
      'evalpool.cost.usd': of.costUsd,
      ...attributes,
    },
    error,
  });
}
