import { createHash } from 'node:crypto';

/** One life of an evaluation, from its acceptance on: accepted again, after a change or `retry`, it has another trace. */
export interface Traceable {
  evaluationId: string;
  /** When it was accepted, microseconds since 1970. */
  acceptedAt: string;
}

/** The same, as Postgres just answered it. */
export interface JustRead extends Traceable {
  /** How long ago it was accepted, ms. */
  ageMs: number;
}

/** A span as others refer to it. */
export interface SpanName {
  traceId: string;
  spanId: string;
}

/**
 * The id of its trace, 32 hexadecimal digits: a hash of what Postgres knows, so that every process that meets the evaluation
 * has the same one without being told, whatever became of Redis and of the processes before it.
 */
export function traceIdOf(deployment: string, { evaluationId, acceptedAt }: Traceable): string {
  return hash(`${deployment} ${evaluationId} ${acceptedAt}`, 32);
}

/** The id of a span to which several processes refer, by what it stands for. */
export function spanIdOf(traceId: string, what: string): string {
  return hash(`${traceId} ${what}`, 16);
}

/** W3C's header for a span. */
export function traceparentOf({ traceId, spanId }: SpanName): string {
  return `00-${traceId}-${spanId}-01`;
}

/** The span that a header names; undefined if it is none, which the specification wants to be ignored. */
export function readTraceparent(header: string | undefined): (SpanName & { sampled: boolean }) | undefined {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(header ?? '') ?? [];
  if (!traceId || !spanId || !flags || header?.startsWith('ff') || isZero(traceId) || isZero(spanId))
    return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
