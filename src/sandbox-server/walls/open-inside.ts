import { closeSync, constants, fstatSync, renameSync, type Stats } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { InsideError } from '../box-files.ts';
import { giveTo, makeOne, mayRead, pin, reach, under, type Tree } from './reach.ts';
import { removeTree } from './remove-tree.ts';
import { StepBudget } from './step-budget.ts';

const MAX_LISTED = 100_000;
/** Names looked at in one listing, those on the ways to where links lead included. */
const MAX_STEPS = 300_000;

/** What is known of one path: itself, and what it links to if it is a symlink. */
export interface Seen {
  /** As lstat: of the link itself. */
  stat: Stats;
  /** Where a link leads, past all further ones; to itself if there is nothing. Null: it is no link. */
  linkTarget: string | null;
  /** What the link leads to; the same as `stat` for everything else, null for a dangling link. */
  target: Stats | null;
}

/** One entry of a listing; `path` is absolute, as seen inside. */
export interface Listed extends Seen {
  name: string;
  path: string;
}

/** Opens a regular file of the box for reading. Throws InsideError: ENOENT, EISDIR, EINVAL (neither file nor folder), EFBIG. */
export async function openForRead(root: Tree, path: string): Promise<FileHandle> {
  return reach(root, path, { followLast: true }, async ({ fd }) => {
    const file = regular(fd, path);
    const stat = fstatSync(fd ?? -1);
    if (!mayRead(root, stat)) throw new InsideError('EACCES', path);
    // A hole can be larger than the numbers that say where to read.
    if (!Number.isSafeInteger(stat.size)) throw new InsideError('EFBIG', path);
    return open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  });
}

/** Opens a file of the box for writing, empty; missing folders are made. Throws InsideError: EISDIR, EROFS, ENOSPC … */
export async function createFile(root: Tree, path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK;
  return reach(root, path, { followLast: true, makeParents: true }, async ({ parent, name, fd }) => {
    if (fd !== null) return open(regular(fd, path), flags | constants.O_TRUNC);
    const fresh = flags | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(under(parent, name), fresh, 0o644);
    giveTo(file.fd, root.owner);
    return file;
  });
}

/** Makes a folder and the missing ones above it. Throws InsideError ENOTDIR where a file has the name. */
export async function makeFolder(root: Tree, path: string): Promise<'made' | 'exists'> {
  return reach(root, path, { followLast: true, makeParents: true }, ({ parent, name, fd }) => {
    if (fd === null) return makeOne(parent, name, root.owner) ? 'made' : 'exists';
    if (!fstatSync(fd).isDirectory()) throw new InsideError('ENOTDIR', path);
    return 'exists';
  });
}

/** Looks at one path. Throws InsideError ENOENT. */
export async function statInside(root: Tree, path: string): Promise<Seen> {
  return reach(root, path, { followLast: false }, async ({ parent, name, fd }) => {
    if (fd === null) throw new InsideError('ENOENT', path);
    return see(root, path, { parent, name, fd });
  });
}

/**
 * Everything under a folder, `depth` levels deep (1: its own entries), parents first. Throws InsideError ENOTDIR, and
 * EOVERFLOW where it is too much.
 */
export async function listFolder(root: Tree, path: string, depth: number): Promise<Listed[]> {
  const found: Listed[] = [];
  const budget = new StepBudget(MAX_STEPS);
  const waiting = [{ path, depth }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await listOne(root, next.path, budget);
    for (const entry of entries) found.push(entry);
    if (found.length > MAX_LISTED) throw new InsideError('EOVERFLOW', path);
    if (next.depth <= 1) continue;
    const level = next.depth - 1;
    for (const entry of entries)
      if (entry.stat.isDirectory()) waiting.push({ path: entry.path, depth: level });
  }
  return found;
}

/** Removes a file, a symlink (not its target) or a whole folder. Throws InsideError ENOENT. */
export async function removeInside(root: Tree, path: string): Promise<void> {
  return reach(root, path, { followLast: false }, async ({ parent, name, fd }) => {
    if (fd === null) throw new InsideError('ENOENT', path);
    if (name === '') throw new InsideError('EBUSY', path);
    await removeTree(parent, name, path);
  });
}

/** Renames; folders missing above `to` are made. Throws InsideError: ENOENT, EXDEV between /tmp and home … */
export async function moveInside(root: Tree, from: string, to: string): Promise<void> {
  return reach(root, from, { followLast: false }, (source) => {
    if (source.fd === null) throw new InsideError('ENOENT', from);
    return reach(root, to, { followLast: false, makeParents: true }, (target) => {
      if (source.name === '' || target.name === '') throw new InsideError('EBUSY', to);
      renameSync(under(source.parent, source.name), under(target.parent, target.name));
    });
  });
}

async function see(root: Tree, path: string, { fd }: Pinned, budget?: StepBudget): Promise<Seen> {
  const stat = fstatSync(fd);
  if (!stat.isSymbolicLink()) return { stat, linkTarget: null, target: stat };
  const walk = { followLast: true, ...(budget && { budget }) };
  return reach(root, path, walk, (led) => {
    if (led.fd === null) return { stat, linkTarget: path, target: null };
    return { stat, linkTarget: led.real, target: fstatSync(led.fd) };
  }).catch(() => ({ stat, linkTarget: path, target: null }));
}

interface Pinned {
  parent: number;
  name: string | Buffer;
  fd: number;
}

async function listOne(root: Tree, path: string, budget: StepBudget): Promise<Listed[]> {
  return reach(root, path, { followLast: true, budget }, async ({ fd }) => {
    if (fd === null) throw new InsideError('ENOENT', path);
    if (!mayRead(root, fstatSync(fd))) throw new InsideError('EACCES', path);
    const listed: Listed[] = [];
    // As bytes: a name need not be UTF-8, and what is decoded no longer names it.
    const names = await readdir(`/proc/self/fd/${fd}`, { encoding: 'buffer' });
    if (names.length > MAX_LISTED) throw new InsideError('EOVERFLOW', path);
    for (const bytes of names) {
      budget.spend(2);
      await budget.rest();
      if (budget.isSpent) throw new InsideError('EOVERFLOW', path);
      const entry = await look(root, path, { parent: fd, name: bytes }, budget);
      if (entry !== null) listed.push(entry);
    }
    return listed;
  });
}

async function look(
  root: Tree,
  folder: string,
  place: { parent: number; name: Buffer },
  budget: StepBudget,
): Promise<Listed | null> {
  const fd = pin(place.parent, place.name);
  if (fd === null) return null;
  try {
    const name = place.name.toString();
    const path = folder.endsWith('/') ? folder + name : `${folder}/${name}`;
    return { name, path, ...(await see(root, path, { ...place, fd }, budget)) };
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
