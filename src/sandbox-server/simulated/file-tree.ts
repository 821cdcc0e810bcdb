import type { Change } from '../box-watch.ts';
import { InsideError } from '../box-files.ts';

/** What an entry costs besides its bytes, so that names alone cannot fill the server's memory. */
const ENTRY_BYTES = 512;
const LONGEST_NAME_BYTES = 255;
const LONGEST_PATH_BYTES = 4096;

interface Entry {
  readonly identity: string;
  readonly usersOwn: boolean;
  modifiedMs: number;
}

/** A folder of the tree. */
export interface FolderNode extends Entry {
  readonly kind: 'folder';
  readonly entries: Map<string, Node>;
}

/** A file of the tree; its bytes are pieces until somebody wants them whole. */
export interface FileNode extends Entry {
  readonly kind: 'file';
  pieces: Buffer[];
  size: number;
}

export type Node = FolderNode | FileNode;

/** The folders that every sandbox starts with; what lies in the user's own belongs to the user. */
const FIRST = ['/home/user', '/tmp', '/root', '/usr/bin', '/etc', '/var/tmp'];
const USERS_OWN = ['/home/user', '/tmp', '/var/tmp'];

/** A file tree in memory. Every method throws InsideError with the errno that a kernel would give. */
export class FileTree {
  readonly root: FolderNode;
  /** Told of every change, with the path that it happened to. */
  onChange: (type: Change['type'], path: string) => void = () => {};
  readonly #maxBytes: number;
  #bytes = 0;
  #made = 0;

  /** Begins as a copy of another one's root, which may be larger than `maxBytes`, or with the folders of a new sandbox. */
  constructor(maxBytes: number, from?: FolderNode) {
    this.#maxBytes = maxBytes;
    this.root = this.#newFolder(false);
    if (from) this.#copy(from);
    else for (const path of FIRST) this.makeFolder(path);
  }

  get usedBytes(): number {
    return this.#bytes;
  }

  /** Throws ENOENT, ENOTDIR. */
  at(path: string): Node {
    let node: Node = this.root;
    for (const name of namesOf(path)) {
      if (node.kind !== 'folder') throw new InsideError('ENOTDIR', path);
      const next: Node | undefined = node.entries.get(name);
      if (!next) throw new InsideError('ENOENT', path);
      node = next;
    }
    return node;
  }

  /** Undefined: there is nothing. */
  find(path: string): Node | undefined {
    try {
      return this.at(path);
    } catch {
      return undefined;
    }
  }

  /** False: it was there. Throws ENOTDIR where a file has the name. */
  makeFolder(path: string): boolean {
    const before = this.#made;
    this.#folderAt(namesOf(path), path);
    return this.#made > before;
  }

  /** An empty file, with the missing folders above. Throws EISDIR, ENOTDIR, ENOSPC. */
  makeFile(path: string): FileNode {
    const { folder, name } = this.#placeOf(path);
    const there = folder.entries.get(name);
    if (there?.kind === 'folder') throw new InsideError('EISDIR', path);
    if (there) {
      this.#bytes -= there.size;
      Object.assign(there, { pieces: [], size: 0, modifiedMs: Date.now() });
      return there;
    }
    this.#spend(ENTRY_BYTES, path);
    const file: FileNode = { kind: 'file', ...this.#newEntry(ownedByUser(path)), pieces: [], size: 0 };
    folder.entries.set(name, file);
    this.onChange('CREATE', clean(path));
    return file;
  }

  /** Throws ENOSPC. */
  append(file: FileNode, bytes: Buffer, path: string): void {
    this.#spend(bytes.length, path);
    // A copy: what comes from a socket is a slice of something much larger.
    file.pieces.push(Buffer.from(bytes));
    file.size += bytes.length;
    file.modifiedMs = Date.now();
    this.onChange('WRITE', clean(path));
  }

  /** Throws ENOENT, EBUSY for the root. */
  remove(path: string): void {
    const node = this.at(path);
    const { folder, name } = this.#placeOf(path);
    folder.entries.delete(name);
    this.#bytes -= weigh(node);
    this.onChange('REMOVE', clean(path));
  }

  /** Throws ENOENT, EBUSY, EINVAL into itself, EISDIR, ENOTDIR, ENOTEMPTY. */
  move(from: string, to: string): void {
    const node = this.at(from);
    const source = this.#placeOf(from);
    if (clean(to) === clean(from)) return;
    if (isWithin(to, from)) throw new InsideError('EINVAL', to);
    const target = this.#placeOf(to);
    const there = target.folder.entries.get(target.name);
    if (there?.kind === 'folder' && node.kind === 'file') throw new InsideError('EISDIR', to);
    if (there?.kind === 'file' && node.kind === 'folder') throw new InsideError('ENOTDIR', to);
    if (there?.kind === 'folder' && there.entries.size > 0) throw new InsideError('ENOTEMPTY', to);
    if (there) this.#bytes -= weigh(there);
    source.folder.entries.delete(source.name);
    target.folder.entries.set(target.name, node);
    this.onChange('RENAME', clean(from));
    this.onChange('CREATE', clean(to));
  }

  #placeOf(path: string): { folder: FolderNode; name: string } {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw new InsideError('EBUSY', path);
    return { folder: this.#folderAt(names, path), name };
  }

  #folderAt(names: readonly string[], path: string): FolderNode {
    let folder = this.root;
    for (const [depth, name] of names.entries()) {
      let next = folder.entries.get(name);
      if (!next) {
        this.#spend(ENTRY_BYTES, path);
        const made = `/${names.slice(0, depth + 1).join('/')}`;
        next = this.#newFolder(ownedByUser(made));
        folder.entries.set(name, next);
        this.onChange('CREATE', made);
      }
      if (next.kind !== 'folder') throw new InsideError('ENOTDIR', path);
      folder = next;
    }
    return folder;
  }

  // Bytes are shared: no piece is ever changed, and a file that is written anew gets new ones.
  #copy(from: FolderNode): void {
    const waiting = [{ from, to: this.root }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const [name, node] of next.from.entries) {
        const entry = { ...this.#newEntry(node.usersOwn), modifiedMs: node.modifiedMs };
        this.#bytes += ENTRY_BYTES + (node.kind === 'file' ? node.size : 0);
        if (node.kind === 'file') {
          next.to.entries.set(name, { ...node, ...entry });
          continue;
        }
        const folder: FolderNode = { kind: 'folder', ...entry, entries: new Map() };
        next.to.entries.set(name, folder);
        waiting.push({ from: node, to: folder });
      }
    }
  }

  #newFolder(usersOwn: boolean): FolderNode {
    return { kind: 'folder', ...this.#newEntry(usersOwn), entries: new Map() };
  }

  #newEntry(usersOwn: boolean): Entry {
    this.#made += 1;
    return { identity: String(this.#made), usersOwn, modifiedMs: Date.now() };
  }

  #spend(bytes: number, path: string): void {
    if (this.#bytes + bytes > this.#maxBytes) throw new InsideError('ENOSPC', path);
    this.#bytes += bytes;
  }
}

/** All bytes of a file in one piece. */
export function wholeOf(file: FileNode): Buffer {
  const whole = file.pieces.length === 1 ? file.pieces[0] : Buffer.concat(file.pieces);
  file.pieces = [whole ?? Buffer.alloc(0)];
  return file.pieces[0] ?? Buffer.alloc(0);
}

// Not by recursion: folders moved into folders nest without end.
function weigh(top: Node): number {
  let sum = 0;
  const waiting = [top];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    sum += ENTRY_BYTES + (node.kind === 'file' ? node.size : 0);
    if (node.kind === 'folder') for (const inside of node.entries.values()) waiting.push(inside);
  }
  return sum;
}

function ownedByUser(path: string): boolean {
  return USERS_OWN.some((own) => isWithin(path, own));
}

function isWithin(path: string, above: string): boolean {
  return `${clean(path)}/`.startsWith(`${clean(above)}/`);
}

function clean(path: string): string {
  return `/${namesOf(path).join('/')}`;
}

function namesOf(path: string): string[] {
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) throw new InsideError('ENAMETOOLONG', path.slice(0, 100));
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
    if (Buffer.byteLength(name) > LONGEST_NAME_BYTES) throw new InsideError('ENAMETOOLONG', path);
  }
  return names;
}
