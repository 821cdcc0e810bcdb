import type { ServerResponse } from 'node:http';

/** How often a silent stream says that it lives, ms, as E2B's. */
const KEEPALIVE_MS = 5000;

/** The events of one execution, a line of JSON each, on a raw response that is answered at once. */
export class EventLines {
  readonly #response: ServerResponse;
  readonly #keepalive: NodeJS.Timeout;
  readonly #closed: Promise<void>;
  #over = false;
  /** Called when there is room again after a `send` returned false, and when the stream is over. */
  onDrain: () => void = () => {};

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    response.on('drain', () => this.onDrain());
    response.on('error', () => {});
    this.#closed = new Promise((resolve) => response.once('close', () => resolve(this.#close())));
    this.#keepalive = setInterval(() => this.send({ type: 'keepalive' }), KEEPALIVE_MS);
    this.#keepalive.unref();
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Resolves when the connection no longer serves this stream, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Sends one event; false: the reader is behind, wait for onDrain. */
  send(event: object): boolean {
    return this.#over || this.#response.write(asLine(event));
  }

  end(): void {
    if (this.#over) return;
    this.#response.end(asLine({ type: 'end_of_execution' }));
    this.#close();
  }

  /** Cuts the connection, as when the machine behind it dies. */
  abort(): void {
    this.#response.destroy();
    this.#close();
  }

  #close(): void {
    this.#over = true;
    clearInterval(this.#keepalive);
    this.onDrain();
  }
}

// ASCII only: the SDK decodes each piece of the body by itself, and would break a character that lies across two.
function asLine(event: object): string {
  const json = JSON.stringify(event);
  return `${json.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
