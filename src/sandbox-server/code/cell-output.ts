import { StringDecoder } from 'node:string_decoder';

/** How long text waits for more of its kind, ms: one `print` is several writes, and its reader expects one event. */
const GATHER_MS = 30;
/** Text of one event, characters; more goes at once. */
const EVENT_LENGTH = 32 * 1024;

type Kind = 'stdout' | 'stderr';

/** Makes events of what a cell writes, in the order in which it came. */
export class CellOutput {
  readonly #tell: (event: object) => void;
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  #kind: Kind = 'stdout';
  #text = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (event: object) => void) {
    this.#tell = tell;
  }

  add(kind: Kind, bytes: Buffer): void {
    this.#addText(kind, this.#decoders[kind].write(bytes));
  }

  /** Sends what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#tell({ type: this.#kind, text, timestamp: new Date().toISOString() });
  }

  /** Sends the rest, a broken last character included. */
  end(): void {
    for (const kind of ['stdout', 'stderr'] as const) this.#addText(kind, this.#decoders[kind].end());
    this.flush();
  }

  #addText(kind: Kind, text: string): void {
    if (text === '') return;
    if (kind !== this.#kind) this.flush();
    this.#kind = kind;
    this.#text += text;
    if (this.#text.length >= EVENT_LENGTH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }
}
