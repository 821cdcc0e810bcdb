/** Longest line of a batch file, bytes: a spec of the largest submission fits, escapes and all. */
export const MAX_LINE_BYTES = 80 * 1024 * 1024;

/** One line of a text file, counted from 1; `text` is null when it is longer than allowed, or not UTF-8. */
export interface Line {
  number: number;
  text: string | null;
  /** Bytes of the line, as far as they were kept. */
  bytes: number;
  /** Why there is no text. */
  refused: string | null;
}

const LINE_FEED = 10;

/** The lines of a byte stream, blank ones left out; takes memory for one line, and goes on after one too long. */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  const splitter = splitLines(maxBytes);
  for await (const chunk of stream) yield* splitter.push(chunk);
  yield* splitter.end();
}

function splitLines(maxBytes: number): { push(chunk: Buffer): Generator<Line>; end(): Generator<Line> } {
  let parts: Buffer[] = [];
  let bytes = 0;
  let number = 0;
  const keep = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= maxBytes) parts.push(part);
    else parts = [];
  };
  function* finish(): Generator<Line> {
    number += 1;
    const line = bytes > maxBytes ? tooLong(number, maxBytes) : decode(number, parts);
    parts = [];
    bytes = 0;
    if (line) yield line;
  }
  return {
    *push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
        keep(chunk.subarray(from, at));
        yield* finish();
        from = at + 1;
      }
      if (from < chunk.length) keep(chunk.subarray(from));
    },
    *end() {
      if (bytes > 0) yield* finish();
    },
  };
}

function tooLong(number: number, maxBytes: number): Line {
  return { number, text: null, bytes: 0, refused: `expected a line of at most ${maxBytes} bytes` };
}

// A decoder drops the byte order mark that some editors put first.
const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(number: number, parts: Buffer[]): Line | undefined {
  const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  try {
    const text = decoder.decode(whole).trim();
    return text === '' ? undefined : { number, text, bytes: whole?.length ?? 0, refused: null };
  } catch {
    return { number, text: null, bytes: 0, refused: 'expected UTF-8 text' };
  }
}
