import { posix } from 'node:path';
import { Readable } from 'node:stream';
import {
  InsideError,
  type BoxFiles,
  type Listed,
  type ReadableFile,
  type Seen,
  type WritableFile,
} from '../box-files.ts';
import { WatchedFolder } from './watched-folder.ts';
import { FileTree, wholeOf, type FolderNode, type Node } from './file-tree.ts';

/** What a folder's size is said to be. */
const FOLDER_BYTES = 4096;
const MAX_LISTED = 100_000;

/** The files of a simulated box: in memory, up to so many bytes, no links. Built when first asked for. */
export class MemoryFiles implements BoxFiles {
  readonly #maxBytes: number;
  readonly #watches = new Set<WatchedFolder>();
  #built: FileTree | undefined;

  constructor(maxBytes: number, built?: FileTree) {
    this.#maxBytes = maxBytes;
    this.#built = built;
  }

  async openForRead(path: string): Promise<ReadableFile> {
    const node = this.tree.at(path);
    if (node.kind === 'folder') throw new InsideError('EISDIR', path);
    const bytes = wholeOf(node);
    return {
      size: bytes.length,
      modifiedAt: new Date(node.modifiedMs),
      read: async (start, end) => bytes.subarray(start, end),
      stream: (start, end) => Readable.from([bytes.subarray(start, end)], { objectMode: false }),
      close: async () => {},
    };
  }

  async create(path: string): Promise<WritableFile> {
    const node = this.tree.makeFile(path);
    return {
      write: (bytes) => this.tree.append(node, bytes, path),
      identity: () => node.identity,
      close: async () => {},
    };
  }

  async makeFolder(path: string): Promise<'made' | 'exists'> {
    return this.tree.makeFolder(path) ? 'made' : 'exists';
  }

  async stat(path: string): Promise<Seen> {
    return see(this.tree.at(path));
  }

  async list(path: string, depth: number): Promise<Listed[]> {
    const top = this.tree.at(path);
    if (top.kind !== 'folder') throw new InsideError('ENOTDIR', path);
    const found: Listed[] = [];
    for (const { path: inside, node } of walk(posix.resolve(path), top, depth)) {
      if (found.length >= MAX_LISTED) throw new InsideError('EOVERFLOW', path);
      found.push({ path: inside, ...see(node) });
    }
    return found;
  }

  async remove(path: string): Promise<void> {
    this.tree.remove(path);
  }

  async move(from: string, to: string): Promise<void> {
    this.tree.move(from, to);
  }

  /** Writes a whole file, as a command inside does. */
  write(path: string, text: string): void {
    this.tree.append(this.tree.makeFile(path), Buffer.from(text), path);
  }

  /** Watches a folder, with all below it if so wanted, until it is stopped. Throws InsideError: ENOENT, ENOTDIR. */
  watch(path: string, recursive: boolean): WatchedFolder {
    const { tree } = this;
    if (tree.at(path).kind !== 'folder') throw new InsideError('ENOTDIR', path);
    const watch = new WatchedFolder(posix.resolve(path), recursive, (over) => this.#watches.delete(over));
    this.#watches.add(watch);
    tree.onChange = (type, changed) => {
      for (const each of this.#watches) each.tell(type, changed);
    };
    return watch;
  }

  /** Ends every watch. */
  stopWatches(): void {
    for (const watch of this.#watches) watch.stop();
  }

  /** Every file below a folder; none where there is no folder. */
  filesBelow(path: string): Array<{ path: string; size: number }> {
    const top = this.tree.find(path);
    if (top?.kind !== 'folder') return [];
    return [...walk(path, top, Infinity)].flatMap(({ path: inside, node }) =>
      node.kind === 'file' ? [{ path: inside, size: node.size }] : [],
    );
  }

  /** What they take of the disk; 0 before anybody asked for one. */
  get usedBytes(): number {
    return this.#built?.usedBytes ?? 0;
  }

  /** The tree itself, for whoever saves it. */
  get tree(): FileTree {
    return (this.#built ??= new FileTree(this.#maxBytes));
  }
}

function* walk(top: string, folder: FolderNode, depth: number): Generator<{ path: string; node: Node }> {
  const waiting = [{ at: top, folder, left: depth }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, node] of next.folder.entries) {
      const path = posix.join(next.at, name);
      yield { path, node };
      if (node.kind === 'folder' && next.left > 1)
        waiting.push({ at: path, folder: node, left: next.left - 1 });
    }
  }
}

function see(node: Node): Seen {
  return {
    kind: node.kind,
    targetKind: node.kind,
    linkTarget: null,
    size: node.kind === 'file' ? node.size : FOLDER_BYTES,
    mode: node.kind === 'file' ? 0o644 : 0o755,
    usersOwn: node.usersOwn,
    groupsOwn: node.usersOwn,
    modifiedAt: new Date(node.modifiedMs),
    identity: node.identity,
  };
}
