import type { SpanName } from './trace-ids.ts';

/** A span that has ended. Times are milliseconds since 1970. */
export interface Span extends SpanName {
  name: string;
  /** Undefined: the root of its trace. */
  parent: (SpanName & { sampled: boolean }) | undefined;
  kind: 'internal' | 'producer' | 'consumer';
  startMs: number;
  endMs: number;
  attributes: Attributes;
  /** Spans that it follows from without being their child. */
  links: readonly SpanName[];
  /** What went wrong on our side; undefined: nothing. */
  error: string | undefined;
}

/** What a span says of itself; what is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Where spans go. */
export interface SpanSender {
  /** Whether spans of this trace are wanted: the same answer in every process that has the same sampler. */
  wants(traceId: string): boolean;
  /** Takes a span to be sent in the background; never throws, never waits, drops what does not fit. */
  send(span: Span): void;
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>;
}
