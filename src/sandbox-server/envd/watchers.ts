import type { Box } from '../box.ts';
import { WatchError, type Change, type FolderWatch } from '../box-watch.ts';
import { InsideError } from '../box-files.ts';
import { Refusal } from '../refusal.ts';
import { newSecret } from '../secrets.ts';
import { asPathRefusal } from './entry-info.ts';

/** Folders of one sandbox that are watched at once: each takes a process in it. */
const MOST_WATCHES = 32;
/** Events that wait to be fetched from one watcher; more are as good as lost. */
const MOST_WAITING = 10_000;

/** A folder to watch, and how a change in it is told. */
export interface Watched {
  path: string;
  recursive: boolean;
  describe: (change: Change) => Promise<object>;
}

interface Kept {
  watch: FolderWatch;
  waiting: object[];
  /** What ended it. */
  error: unknown;
}

/** The folders of one sandbox that are watched: by streams, or kept for who fetches their events. */
export class Watchers {
  readonly #box: Box;
  readonly #kept = new Map<string, Kept>();
  #taken = 0;

  constructor(box: Box) {
    this.#box = box;
  }

  /** Watches a folder while `use` runs. Throws 400, 403, 404, 429, and 500 when the watch ends by itself. */
  async watch(watched: Watched, use: (watch: FolderWatch) => Promise<void>): Promise<void> {
    const watch = await this.#open(watched);
    try {
      await use(watch);
    } catch (error) {
      throw asWatchRefusal(error);
    } finally {
      watch.stop();
      this.#taken -= 1;
    }
  }

  /** Watches a folder until that is taken back; gives the watcher's id. Throws 400, 403, 404, 429. */
  async create(watched: Watched): Promise<string> {
    const watch = await this.#open(watched);
    const id = `w${newSecret()}`;
    const kept: Kept = { watch, waiting: [], error: null };
    this.#kept.set(id, kept);
    void collect(kept, watched);
    return id;
  }

  /** The events since the last call. Throws 404, 429 and 500 when some are lost. */
  fetch(id: string): object[] {
    const kept = this.#find(id);
    if (kept.error !== null) throw asWatchRefusal(kept.error);
    return kept.waiting.splice(0);
  }

  /** Throws 404. */
  remove(id: string): void {
    this.#find(id).watch.stop();
    this.#kept.delete(id);
    this.#taken -= 1;
  }

  async #open({ path, recursive }: Watched): Promise<FolderWatch> {
    if (this.#taken >= MOST_WATCHES)
      throw new Refusal(429, `no more than ${MOST_WATCHES} folders of a sandbox are watched at once`);
    this.#taken += 1;
    try {
      return await this.#box.watch(path, recursive);
    } catch (error) {
      this.#taken -= 1;
      if (error instanceof InsideError && error.code === 'EMFILE')
        throw new Refusal(429, `no more folders can be watched in this sandbox: '${path}'`);
      throw asPathRefusal(error, path);
    }
  }

  #find(id: string): Kept {
    const kept = this.#kept.get(id);
    if (!kept) throw new Refusal(404, `watcher with id ${id} not found`);
    return kept;
  }
}

// Never rejects: who fetches is told.
async function collect(kept: Kept, { describe }: Watched): Promise<void> {
  try {
    for await (const change of kept.watch.changes) {
      if (kept.waiting.length >= MOST_WAITING)
        throw new Refusal(429, `more than ${MOST_WAITING} events were not fetched`);
      kept.waiting.push(await describe(change));
    }
  } catch (error) {
    kept.error = error;
    kept.watch.stop();
  }
}

function asWatchRefusal(error: unknown): unknown {
  return error instanceof WatchError ? new Refusal(500, `watcher error: ${error.message}`) : error;
}
