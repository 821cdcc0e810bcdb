import type { Attributes, Span, SpanSender } from './span.ts';
import { spanIdOf, type JustRead, type SpanName } from './trace-ids.ts';

/** A span of an evaluation. Times are performance.now() of this process, ms. */
interface Written {
  startMs: number;
  endMs: number;
  /** The span that it is part of; undefined: the evaluation's own. */
  under?: string;
  kind?: Span['kind'];
  attributes?: Attributes;
  links?: readonly (SpanName | undefined)[];
  /** What went wrong on our side. */
  error?: string | undefined;
}

/** Writes the spans of one trace. */
export interface SpanWriter {
  traceId: string;
  /** When that was what Postgres says was so long ago, by performance.now() of this process, ms. */
  ago(ms: number): number;
  /** False: none of this trace is wanted, so that nothing need be prepared. */
  wanted: boolean;
  /** `what` is its name and, after a space, which of that name; who refers to it says the same. */
  write(what: string, span: Written): void;
  /** How others refer to the span that stands for `what`. */
  name(what: string): SpanName;
  /** A span of another trace. */
  writeElsewhere(span: Pick<Span, 'name' | 'parent' | 'traceId'> & Written): void;
}

/** Clocks that differ by less are taken to be the same one, ms: an answer of Postgres may be that old when it is read. */
const AGREE_MS = 1000;

/** The span of the evaluation itself, above all others. */
export const ROOT = 'evaluation';

/** Opens a trace for writing, whatever of it others have written. Without a sender nothing is written. */
export function openWriter(traceId: string, read: JustRead, sender: SpanSender | undefined): SpanWriter {
  // Once for all its spans: a step of the wall clock cannot tear them.
  const offsetMs = Date.now() - performance.now();
  const databaseMs = databaseNow(read) - offsetMs;
  const to = sender?.wants(traceId) ? sender : undefined;
  const name = (what: string): SpanName => ({ traceId, spanId: spanIdOf(traceId, what) });
  const send = (span: Pick<Span, 'name' | 'parent'> & SpanName & Written): void =>
    to?.send({
      ...span,
      startMs: offsetMs + span.startMs,
      endMs: offsetMs + span.endMs,
      kind: span.kind ?? 'internal',
      attributes: span.attributes ?? {},
      links: (span.links ?? []).filter((link) => link !== undefined),
      error: span.error,
    });
  return {
    traceId,
    ago: (ms) => databaseMs - ms,
    wanted: to !== undefined,
    name,
    write: (what, span) => {
      if (!to) return;
      const parent = what === ROOT ? undefined : { ...name(span.under ?? ROOT), sampled: true };
      send({ ...span, ...name(what), name: what.split(' ', 1)[0] ?? what, parent });
    },
    writeElsewhere: (span) => send({ ...span, spanId: spanIdOf(traceId, `elsewhere ${span.name}`) }),
  };
}

// Where the two clocks agree, that of Postgres is taken at its word: then all processes place what it measured alike.
function databaseNow({ acceptedAt, ageMs }: JustRead): number {
  const databaseMs = Number(acceptedAt) / 1000 + ageMs;
  return Math.abs(Date.now() - databaseMs) < AGREE_MS ? databaseMs : Date.now();
}
