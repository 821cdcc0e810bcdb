import { posix } from 'node:path';
import { WatchError, type Change, type FolderWatch } from '../box-watch.ts';

/** Changes that nobody has read yet; more end the watch, as the kernel's queue does. */
const MOST_UNREAD = 16_384;

/** A folder of a simulated box that is watched. */
export class WatchedFolder implements FolderWatch {
  readonly changes: AsyncIterable<Change>;
  readonly #path: string;
  readonly #recursive: boolean;
  readonly #forget: (watch: WatchedFolder) => void;
  #unread: Change[] = [];
  #state: 'open' | 'stopped' | 'full' = 'open';
  #wake: () => void = () => {};

  constructor(path: string, recursive: boolean, forget: (watch: WatchedFolder) => void) {
    this.#path = path;
    this.#recursive = recursive;
    this.#forget = forget;
    this.changes = this.#read();
  }

  /** Something happened to this path. */
  tell(type: Change['type'], path: string): void {
    const name = posix.relative(this.#path, path) || '.';
    const isBelow = name !== '..' && !name.startsWith('../');
    if (this.#state !== 'open' || !isBelow || (!this.#recursive && name.includes('/'))) return;
    if (this.#unread.length >= MOST_UNREAD) this.#end('full');
    else this.#unread.push({ type, name });
    this.#wake();
  }

  stop(): void {
    this.#end('stopped');
  }

  #end(state: 'stopped' | 'full'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#forget(this);
    this.#wake();
  }

  async *#read(): AsyncGenerator<Change> {
    for (;;) {
      yield* this.#unread.splice(0);
      if (this.#state === 'full') throw new WatchError('too many changes at once');
      if (this.#state === 'stopped') return;
      if (this.#unread.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
