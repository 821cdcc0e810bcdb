import { EvalpoolError } from '../../errors.ts';
import type { Input } from '../open-input.ts';
import { MAX_LINE_BYTES, type Line } from '../read-lines.ts';

/** One entry of a JSON list, or of an object: then its text is an object of that entry alone. `number`: the line it begins on. */
export interface Entry extends Line {
  keyed: boolean;
}

const [QUOTE, BACKSLASH, COMMA, LINE_FEED] = [0x22, 0x5c, 0x2c, 0x0a];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const BLANK = new Set([0x20, 0x09, 0x0d, LINE_FEED]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The entries of a JSON document, one in memory at a time. Throws INPUT_UNREADABLE if it is no list and no object, or not whole. */
export async function* readEntries(file: Input, maxBytes: number = MAX_LINE_BYTES): AsyncGenerator<Entry> {
  const splitter = new Splitter(file.name, maxBytes);
  for await (const chunk of file.open()) yield* splitter.push(chunk);
  splitter.end();
}

/** Follows depth and strings byte by byte; what is between two commas of the top level is an entry. */
class Splitter {
  readonly #name: string;
  readonly #maxBytes: number;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #keyed = false;
  #ended = false;
  #line = 1;
  #begun = 0;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(name: string, maxBytes: number) {
    this.#name = name;
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Entry> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === LINE_FEED) this.#line += 1;
      if (this.#depth > 0 && this.#begun === 0 && !BLANK.has(byte)) this.#begun = this.#line;
      if (this.#inString) this.#inText(byte);
      else if (this.#depth === 0) {
        this.#open(byte);
        from = at + 1;
      } else if (this.#endsEntry(byte)) {
        this.#keep(chunk.subarray(from, at));
        from = at + 1;
        yield* this.#finish(byte === COMMA);
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (!this.#ended) throw this.#unreadable('is no whole JSON list or object');
  }

  #inText(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #open(byte: number): void {
    if (BLANK.has(byte) || (!this.#ended && BYTE_ORDER_MARK.includes(byte))) return;
    if (this.#ended) throw this.#unreadable('goes on after its end; JSON Lines belong in a .jsonl file');
    if (!OPENING.has(byte)) throw this.#unreadable('expected a JSON list or object');
    this.#keyed = byte === 0x7b;
    this.#depth = 1;
  }

  #endsEntry(byte: number): boolean {
    if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) this.#depth += 1;
    else if (CLOSING.has(byte)) this.#depth -= 1;
    return this.#depth === 0 || (this.#depth === 1 && byte === COMMA);
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  *#finish(more: boolean): Generator<Entry> {
    const text = Buffer.concat(this.#parts).toString().trim();
    const [bytes, number] = [this.#bytes, this.#begun];
    this.#parts = [];
    this.#bytes = 0;
    this.#begun = 0;
    this.#ended = !more;
    const keyed = this.#keyed;
    if (bytes > this.#maxBytes) {
      const refused = `expected an entry of at most ${this.#maxBytes} bytes`;
      yield { number, text: null, bytes: 0, refused, keyed };
    } else if (text !== '') yield { number, text: keyed ? `{${text}}` : text, bytes, refused: null, keyed };
  }

  #unreadable(why: string): EvalpoolError {
    return new EvalpoolError('INPUT_UNREADABLE', `${this.#name}:${this.#line}: ${why}`);
  }
}
