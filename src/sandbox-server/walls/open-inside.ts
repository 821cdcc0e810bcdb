import {
  closeSync,
  constants,
  fstatSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { InsideError } from '../box-files.ts';
import { asInsideError, giveTo, makeOne, pin, reach, under, type Owner } from './reach.ts';

export type { Owner } from './reach.ts';

const MAX_LISTED = 100_000;
const MAX_REMOVE_DEPTH = 256;

/** What is known of one path: itself, and what it links to if it is a symlink. */
export interface Seen {
  /** As lstat: of the link itself. */
  stat: Stats;
  linkTarget: string | null;
  /** What the link leads to; the same as `stat` for everything else, null for a dangling link. */
  target: Stats | null;
}

/** One entry of a listing; `path` is absolute, as seen inside. */
export interface Listed extends Seen {
  name: string;
  path: string;
}

/** Opens a regular file of the box for reading. Throws InsideError: ENOENT, EISDIR, EINVAL (neither file nor folder). */
export async function openForRead(root: string, path: string): Promise<FileHandle> {
  return reach(root, path, { followLast: true }, async ({ fd }) => {
    return open(regular(fd, path), constants.O_RDONLY | constants.O_NONBLOCK);
  });
}

/** Opens a file of the box for writing, empty; missing folders are made. Throws InsideError: EISDIR, EROFS, ENOSPC … */
export async function createFile(root: string, path: string, owner: Owner): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK;
  return reach(root, path, { followLast: true, makeParents: owner }, async ({ parent, name, fd }) => {
    if (fd !== null) return open(regular(fd, path), flags | constants.O_TRUNC);
    const fresh = flags | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(under(parent, name), fresh, 0o644);
    giveTo(file.fd, owner);
    return file;
  });
}

/** Makes a folder and the missing ones above it. Throws InsideError ENOTDIR where a file has the name. */
export async function makeFolder(root: string, path: string, owner: Owner): Promise<'made' | 'exists'> {
  return reach(root, path, { followLast: true, makeParents: owner }, ({ parent, name, fd }) => {
    if (fd === null) return makeOne(parent, name, owner) ? 'made' : 'exists';
    if (!fstatSync(fd).isDirectory()) throw new InsideError('ENOTDIR', path);
    return 'exists';
  });
}

/** Looks at one path. Throws InsideError ENOENT. */
export async function statInside(root: string, path: string): Promise<Seen> {
  return reach(root, path, { followLast: false }, async ({ parent, name, fd }) => {
    if (fd === null) throw new InsideError('ENOENT', path);
    return see(root, path, { parent, name, fd });
  });
}

/** Everything under a folder, `depth` levels deep (1: its own entries), parents first. Throws InsideError ENOTDIR. */
export async function listFolder(root: string, path: string, depth: number): Promise<Listed[]> {
  const found: Listed[] = [];
  const waiting = [{ path, depth }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const entries = await listOne(root, next.path);
    found.push(...entries);
    if (found.length > MAX_LISTED) throw new InsideError('EOVERFLOW', path);
    if (next.depth <= 1) continue;
    const level = next.depth - 1;
    for (const entry of entries)
      if (entry.stat.isDirectory()) waiting.push({ path: entry.path, depth: level });
  }
  return found;
}

/** Removes a file, a symlink (not its target) or a whole folder. Throws InsideError ENOENT. */
export async function removeInside(root: string, path: string): Promise<void> {
  return reach(root, path, { followLast: false }, async ({ parent, name, fd }) => {
    if (fd === null) throw new InsideError('ENOENT', path);
    if (name === '') throw new InsideError('EBUSY', path);
    await removeEntry(parent, name, path, MAX_REMOVE_DEPTH);
  });
}

/** Renames; folders missing above `to` are made. Throws InsideError: ENOENT, EXDEV between /tmp and home … */
export async function moveInside(root: string, from: string, to: string, owner: Owner): Promise<void> {
  return reach(root, from, { followLast: false }, (source) => {
    if (source.fd === null) throw new InsideError('ENOENT', from);
    return reach(root, to, { followLast: false, makeParents: owner }, (target) => {
      if (source.name === '' || target.name === '') throw new InsideError('EBUSY', to);
      renameSync(under(source.parent, source.name), under(target.parent, target.name));
    });
  });
}

async function see(
  root: string,
  path: string,
  place: { parent: number; name: string; fd: number },
): Promise<Seen> {
  const stat = fstatSync(place.fd);
  if (!stat.isSymbolicLink()) return { stat, linkTarget: null, target: stat };
  const linkTarget = readlinkSync(under(place.parent, place.name));
  const target = await reach(root, path, { followLast: true }, ({ fd }) =>
    fd === null ? null : fstatSync(fd),
  ).catch(() => null);
  return { stat, linkTarget, target };
}

async function listOne(root: string, path: string): Promise<Listed[]> {
  return reach(root, path, { followLast: true }, async ({ fd }) => {
    if (fd === null) throw new InsideError('ENOENT', path);
    const listed: Listed[] = [];
    const names = await readdir(`/proc/self/fd/${fd}`);
    if (names.length > MAX_LISTED) throw new InsideError('EOVERFLOW', path);
    for (const name of names) {
      const inside = path.endsWith('/') ? path + name : `${path}/${name}`;
      const entry = pin(fd, name);
      if (entry === null) continue;
      try {
        listed.push({ name, path: inside, ...(await see(root, inside, { parent: fd, name, fd: entry })) });
      } finally {
        closeSync(entry);
      }
    }
    return listed;
  });
}

async function removeEntry(parent: number, name: string, path: string, depth: number): Promise<void> {
  const fd = pin(parent, name);
  if (fd === null) return;
  try {
    if (!fstatSync(fd).isDirectory()) return unlinkSync(under(parent, name));
    if (depth === 0) throw new InsideError('ENAMETOOLONG', path);
    for (const entry of await readdir(`/proc/self/fd/${fd}`)) await removeEntry(fd, entry, path, depth - 1);
    rmdirSync(under(parent, name));
  } catch (error) {
    throw asInsideError(error, path);
  } finally {
    closeSync(fd);
  }
}

function regular(fd: number | null, path: string): string {
  if (fd === null) throw new InsideError('ENOENT', path);
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw new InsideError('EISDIR', path);
  if (!stat.isFile()) throw new InsideError('EINVAL', path);
  return `/proc/self/fd/${fd}`;
}
