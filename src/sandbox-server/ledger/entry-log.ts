const CHUNK_BYTES = 256 * 1024;

interface Chunk {
  /** Number of its first line. */
  first: number;
  lines: number;
  bytes: Buffer;
  used: number;
}

/** Numbered lines in memory, outside the heap; above `maxBytes` the oldest are forgotten, a chunk at a time. */
export class EntryLog {
  readonly #maxBytes: number;
  #chunks: Chunk[] = [];
  #held = 0;
  /** Number of the newest line; the first is 1. */
  last = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Number of the oldest line still held; one past the newest if there is none. */
  get first(): number {
    return this.#chunks[0]?.first ?? this.last + 1;
  }

  /** Adds one line, without its line end. */
  append(line: string): void {
    const length = Buffer.byteLength(line) + 1;
    const chunk = this.#roomFor(length);
    chunk.bytes.write(`${line}\n`, chunk.used);
    chunk.used += length;
    chunk.lines += 1;
    this.last += 1;
  }

  /** The lines after that number as they are now, in a few pieces that later additions do not change. */
  after(number: number): Buffer[] {
    return this.#chunks
      .filter(({ first, lines }) => first + lines - 1 > number)
      .map(({ first, bytes, used }) => skipLines(bytes.subarray(0, used), number + 1 - first));
  }

  /** Forgets every line; numbers go on. */
  clear(): void {
    this.#chunks = [];
    this.#held = 0;
  }

  #roomFor(length: number): Chunk {
    const open = this.#chunks.at(-1);
    if (open && open.used + length <= open.bytes.length) return open;
    const bytes = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, length));
    const chunk = { first: this.last + 1, lines: 0, bytes, used: 0 };
    this.#chunks.push(chunk);
    this.#held += bytes.length;
    while (this.#held > this.#maxBytes && this.#chunks.length > 1)
      this.#held -= this.#chunks.shift()?.bytes.length ?? 0;
    return chunk;
  }
}

function skipLines(bytes: Buffer, count: number): Buffer {
  let at = 0;
  for (let skipped = 0; skipped < count; skipped += 1) at = bytes.indexOf(0x0a, at) + 1;
  return bytes.subarray(at);
}
