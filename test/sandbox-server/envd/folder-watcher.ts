import { EventEmitter, once } from 'node:events';
import type { FilesystemEvent, Sandbox, WatchHandle } from 'e2b';

/** A watch of the SDK with what it has told so far. */
export class FolderWatcher {
  readonly events: FilesystemEvent[] = [];
  readonly #files: Sandbox['files'];
  readonly #heard = new EventEmitter();
  #handle: WatchHandle | undefined;
  /** Its end, as the SDK tells it. */
  readonly ended: Promise<Error | undefined>;

  constructor({ files }: Sandbox) {
    this.#files = files;
    this.ended = once(this.#heard, 'end').then(([error]: (Error | undefined)[]) => error);
  }

  async open(path: string, more: { recursive?: boolean; includeEntry?: boolean } = {}): Promise<this> {
    const hear = (event: FilesystemEvent): void => {
      this.events.push(event);
      this.#heard.emit('more');
    };
    const onExit = (error?: Error): void => void this.#heard.emit('end', error);
    this.#handle = await this.#files.watchDir(path, hear, { timeoutMs: 0, onExit, ...more });
    return this;
  }

  /** What it has told, once this is the last of it. */
  async until(last: string): Promise<string[]> {
    while (this.told.at(-1) !== last) await once(this.#heard, 'more');
    return this.told;
  }

  /** Its events in order, as `create name`. */
  get told(): string[] {
    return this.events.map(({ type, name }) => `${type} ${name}`);
  }

  async stop(): Promise<void> {
    await this.#handle?.stop();
  }
}
