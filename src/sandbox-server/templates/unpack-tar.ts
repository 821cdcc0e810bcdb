import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lutimesSync,
  openSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Readable } from 'node:stream';
import { Parser, type ReadEntry } from 'tar';
import { EvalpoolError } from '../../errors.ts';
import { harmlessLine } from '../../harmless-text.ts';
import { makeFolder } from '../walls/open-inside.ts';
import { reach, under, type Tree } from '../walls/reach.ts';

/** Folders of a root file system that every sandbox gets from the machine; what an archive says of them is left out. */
export const NOT_TAKEN = ['dev', 'proc', 'sys'];

/** What was written. */
export interface Unpacked {
  entries: number;
  bytes: number;
}

interface Folder {
  path: string;
  mode: number;
  modifiedAt: Date;
}

/**
 * Writes what a tar archive, perhaps gzipped, holds into a tree; everything belongs to its owner, who is us, and nothing is set-user-id. No entry is
 * written outside, whatever links the archive made before. Throws USAGE that names the entry: names with `..`, absolute ones,
 * devices.
 */
export async function unpackTar(archive: Readable, tree: Tree): Promise<Unpacked> {
  const writer = new TreeWriter(tree);
  const parser = new Parser({ strict: true });
  try {
    await new Promise<void>((resolve, reject) => {
      let written = Promise.resolve();
      parser.on('entry', (entry: ReadEntry) => {
        written = written.then(() => writer.write(entry));
        written.catch(reject);
      });
      parser.on('end', () => void written.then(resolve, reject));
      parser.on('error', reject);
      archive.on('error', reject);
      archive.pipe(parser);
    });
  } catch (error) {
    archive.destroy();
    throw asUsage(error);
  }
  return writer.finish();
}

class TreeWriter {
  readonly #tree: Tree;
  readonly #folders: Folder[] = [];
  readonly #done: Unpacked = { entries: 0, bytes: 0 };

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  async write(entry: ReadEntry): Promise<void> {
    const path = insidePath(entry, entry.path);
    const isTaken = path !== '/' && !NOT_TAKEN.includes(path.split('/', 2)[1] ?? '') && entry.type !== 'FIFO';
    if (isTaken) await this.#take(path, entry);
    entry.resume();
  }

  /** Folders get their modes and times last: until then they are written to. */
  async finish(): Promise<Unpacked> {
    for (const { path, mode, modifiedAt } of this.#folders.toReversed())
      await reach(this.#tree, path, { followLast: false }, ({ parent, name, fd }) => {
        if (fd === null) return;
        chmodSync(`/proc/self/fd/${fd}`, mode);
        lutimesSync(under(parent, name), modifiedAt, modifiedAt);
      });
    return this.#done;
  }

  async #take(path: string, entry: ReadEntry): Promise<void> {
    this.#done.entries += 1;
    if (FILES.includes(entry.type)) return this.#file(path, entry);
    if (FOLDERS.includes(entry.type)) return this.#folder(path, entry);
    if (entry.type === 'SymbolicLink') return this.#symlink(path, entry);
    if (entry.type === 'Link') return this.#hardLink(path, entry);
    throw new EvalpoolError('USAGE', `'${shown(path)}': a ${entry.type} cannot be in a template`);
  }

  async #folder(path: string, entry: ReadEntry): Promise<void> {
    await makeFolder(this.#tree, path);
    this.#folders.push({
      path,
      mode: (entry.mode ?? 0o755) & 0o1777,
      modifiedAt: entry.mtime ?? new Date(0),
    });
    entry.resume();
  }

  async #file(path: string, entry: ReadEntry): Promise<void> {
    const fd = await this.#replace(path, (place) => openSync(place, FRESH, 0o600));
    try {
      for await (const chunk of entry) {
        for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
        this.#done.bytes += chunk.length;
      }
      fchmodSync(fd, (entry.mode ?? 0o644) & 0o777);
      futimesSync(fd, entry.mtime ?? 0, entry.mtime ?? 0);
    } finally {
      closeSync(fd);
    }
  }

  async #symlink(path: string, entry: ReadEntry): Promise<void> {
    await this.#replace(path, (place) => symlinkSync(entry.linkpath ?? '', place));
  }

  async #hardLink(path: string, entry: ReadEntry): Promise<void> {
    const first = insidePath(entry, entry.linkpath ?? '');
    await reach(this.#tree, first, { followLast: false }, (source) =>
      this.#replace(path, (place) => linkSync(under(source.parent, source.name), place)),
    );
  }

  /** Makes something new at the path, where a file or link of the same archive may be already. */
  #replace<T>(path: string, make: (place: string | Buffer) => T): Promise<T> {
    return reach(this.#tree, path, { followLast: false, makeParents: true }, ({ parent, name, fd }) => {
      if (fd !== null) unlinkSync(under(parent, name));
      return make(under(parent, name));
    });
  }
}

const FILES: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];
const FOLDERS: readonly string[] = ['Directory', 'GNUDumpDir'];
const FRESH = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Absolute, as seen inside. */
function insidePath({ path: entry }: ReadEntry, name: string): string {
  const refuse = (why: string): never => {
    throw new EvalpoolError('USAGE', `'${shown(entry)}': ${why}`);
  };
  if (name === '' || name.includes('\0')) return refuse('an entry without a name');
  if (name.startsWith('/')) return refuse('an absolute name');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? refuse("a name with '..'") : `/${parts.join('/')}`;
}

function asUsage(error: unknown): Error {
  if (error instanceof EvalpoolError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new EvalpoolError('USAGE', `not a tar archive that can be unpacked: ${shown(why)}`, {
    cause: error,
  });
}

function shown(text: string): string {
  return harmlessLine(text, 200);
}
