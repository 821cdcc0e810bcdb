import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import type { EventStream } from './event-stream.ts';

/** How long a call may take, ms, by Connect's header; undefined: it may take for ever. */
export function timeoutOf(headers: FastifyRequest['headers']): number | undefined {
  const ms = Number(headers['connect-timeout-ms']);
  // Beyond 2^31 ms a timer would fire at once, and no sandbox lives that long.
  return Number.isInteger(ms) && ms > 0 && ms < 2 ** 31 ? ms : undefined;
}

/** Ends a stream when its call has taken too long. */
export function endInTime(stream: EventStream, headers: FastifyRequest['headers']): void {
  const timeoutMs = timeoutOf(headers);
  if (timeoutMs === undefined || stream.isOver) return;
  const timer = setTimeout(() => stream.end(deadlinePassed()), timeoutMs);
  stream.onClose(() => clearTimeout(timer));
}

/** What ends a call that has taken too long, in envd's words. */
export function deadlinePassed(): Refusal {
  return new Refusal(504, 'context deadline exceeded');
}
