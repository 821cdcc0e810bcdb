import type { ServerResponse } from 'node:http';
import type { Refusal } from '../refusal.ts';
import type { Codec } from './messages/codec.ts';

/** Unsent bytes of one stream above which its process is paused. */
const FULL_BYTES = 256 * 1024;
/** How long the first write waits, ms: a command that is over by then is answered whole, in a single write. */
const FIRST_WRITE_MS = 10;
/** Longest chunk of output in one event, as envd's. */
const CHUNK_BYTES = { stdout: 32 * 1024, stderr: 32 * 1024, pty: 16 * 1024 };

/** How a stream speaks: its events' form on the wire, and what it says (JSON; null: nothing) while there is nothing to say. */
export interface Speech {
  codec: Codec;
  keepalive: string | null;
  keepaliveMs: number;
}

/**
 * A server stream of the Connect protocol (messages in envelopes) on a raw response.
 * Events of one turn of the loop leave in one write: most commands are answered whole, in a single one.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #codec: Codec;
  readonly #keepalive: NodeJS.Timeout | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #flushing = false;
  #ended = false;
  #closed: Array<() => void> = [];
  /** Called when there is room again after a `send…` returned false. */
  onDrain: () => void = () => {};

  constructor(response: ServerResponse, { codec, keepalive, keepaliveMs }: Speech) {
    this.#response = response;
    this.#codec = codec;
    response.setHeader('content-type', `application/connect+${codec.name}`);
    response.on('drain', () => this.onDrain());
    response.once('close', () => this.#close());
    response.on('error', () => this.#close());
    if (keepalive !== null) this.#keepalive = setInterval(() => this.send(keepalive), keepaliveMs).unref();
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** Calls back once when the stream is over, whoever ended it. */
  onClose(callback: () => void): void {
    this.#closed.push(callback);
  }

  /** Sends one event; false: the reader is behind, wait for onDrain. */
  send(json: string): boolean {
    return this.#push(envelope(0, this.#codec.write(json)));
  }

  /** Sends output of a process, in chunks; false: the reader is behind. */
  sendOutput(kind: keyof typeof CHUNK_BYTES, bytes: Buffer): boolean {
    let room = true;
    const chunk = CHUNK_BYTES[kind];
    for (let at = 0; at < bytes.length; at += chunk) {
      const event = this.#codec.writeOutput(kind, bytes.subarray(at, at + chunk));
      room = this.#push(envelope(0, event));
    }
    return room;
  }

  /** Ends the stream as the protocol asks, with the error that ended it, if one did. */
  end(error?: Refusal): void {
    if (this.#ended) return;
    const trailer = error ? { error: { code: error.connectCode, message: error.message } } : {};
    this.#push(envelope(2, JSON.stringify(trailer)));
    this.#ended = true;
    this.#flush();
    this.#close();
  }

  /** Cuts the connection, as when the machine behind it dies. */
  abort(): void {
    this.#response.destroy();
    this.#close();
  }

  #push(bytes: Buffer): boolean {
    if (this.#ended) return true;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (!this.#flushing) this.#flushSoon();
    return this.#pendingBytes + this.#response.writableLength < FULL_BYTES;
  }

  #flushSoon(): void {
    this.#flushing = true;
    if (this.#response.headersSent) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), FIRST_WRITE_MS);
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#pending.length === 0) return;
    const bytes = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#ended) this.#response.end(bytes);
    else if (this.#response.write(bytes)) this.onDrain();
  }

  #close(): void {
    clearInterval(this.#keepalive);
    this.#ended = true;
    const closed = this.#closed;
    this.#closed = [];
    for (const callback of closed) callback();
  }
}

function envelope(flag: number, message: string | Uint8Array): Buffer {
  const length = Buffer.byteLength(message);
  const bytes = Buffer.allocUnsafe(5 + length);
  bytes[0] = flag;
  bytes.writeUInt32BE(length, 1);
  if (typeof message === 'string') bytes.write(message, 5);
  else bytes.set(message, 5);
  return bytes;
}
