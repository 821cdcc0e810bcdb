import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { InsideError } from '../box-files.ts';

// Node does not name it: the fd stands for the place itself, nothing is opened, so a FIFO or device cannot stall us.
const O_PATH = 0o10000000;
const MAX_LINKS = 40;
const MAX_DEPTH = 256;

/** Host ids that own what is made inside a box. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Where a path led. Both fds are O_PATH and closed after use. */
export interface Place {
  /** The folder that holds it. */
  parent: number;
  /** Its name there; '' for the box's own root. */
  name: string;
  /** The thing itself; null: there is none. */
  fd: number | null;
}

/** How to walk: follow a symlink in the last place? make missing folders (for whom)? */
export interface Walk {
  followLast: boolean;
  makeParents?: Owner;
}

/**
 * Walks to `path` inside the box and hands the place to `use`. Every step is one name under one pinned folder and symlinks
 * are resolved here, so nothing that a process inside renames meanwhile leads out. Throws InsideError.
 */
export async function reach<T>(
  root: string,
  path: string,
  walk: Walk,
  use: (place: Place) => T | Promise<T>,
): Promise<T> {
  const open: number[] = [];
  try {
    return await use(findPlace(root, path, walk, open));
  } catch (error) {
    throw asInsideError(error, path);
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** The path of a name under a pinned folder, for calls that do not follow its last component. */
export function under(parent: number, name: string): string {
  return `/proc/self/fd/${parent}/${name}`;
}

/** Pins the name under a folder, itself and not what it may link to; null: there is none. */
export function pin(parent: number, name: string): number | null {
  try {
    return openSync(under(parent, name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Makes one folder and gives it to its owner; false: the name is taken. */
export function makeOne(parent: number, name: string, owner: Owner): boolean {
  try {
    mkdirSync(under(parent, name), 0o755);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  const fd = pin(parent, name);
  if (fd === null) return true;
  try {
    if (fstatSync(fd).isDirectory()) giveTo(fd, owner);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Makes the owner own what is pinned; only root can and needs to. */
export function giveTo(fd: number, owner: Owner): void {
  if (process.getuid?.() === 0) chownSync(`/proc/self/fd/${fd}`, owner.uid, owner.gid);
}

/** Any thrown value as one that speaks of the path inside, never of ours. */
export function asInsideError(error: unknown, path: string): unknown {
  if (error instanceof InsideError) return error;
  const code = codeOf(error);
  return code === '' || code.startsWith('ERR_') ? error : new InsideError(code, path);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function findPlace(root: string, path: string, walk: Walk, open: number[]): Place {
  if (!path.startsWith('/') || path.includes('\0')) throw new InsideError('EINVAL', path);
  const top = keep(open, openSync(root, O_PATH | constants.O_DIRECTORY));
  const folders = [top];
  const todo = names(path);
  for (let links = 0; todo.length > 0;) {
    const name = todo.pop() ?? '';
    if (name === '..') {
      if (folders.length > 1) folders.pop();
      continue;
    }
    const step = takeStep(folders, name, todo.length === 0, walk);
    if (step.fd !== null) keep(open, step.fd);
    if (step.link === null) {
      if (todo.length === 0) return step;
      enter(folders, step, path);
      continue;
    }
    if (++links > MAX_LINKS) throw new InsideError('ELOOP', path);
    if (step.link.startsWith('/')) folders.length = 1;
    todo.push(...names(step.link));
  }
  const here = folders.at(-1) ?? top;
  return { parent: here, name: '', fd: here };
}

interface Step extends Place {
  stat: Stats | null;
  link: string | null;
}

function takeStep(folders: readonly number[], name: string, last: boolean, walk: Walk): Step {
  const parent = folders.at(-1) ?? -1;
  // The only procfs of a box lies here, and its magic links are the one way out that a walk by names cannot see.
  if (folders.length === 1 && name === 'proc') throw new InsideError('EACCES', '/proc');
  let fd = pin(parent, name);
  if (fd === null && !last && walk.makeParents) {
    makeOne(parent, name, walk.makeParents);
    fd = pin(parent, name);
  }
  if (fd === null) return { parent, name, fd, stat: null, link: null };
  const stat = fstatSync(fd);
  const follow = stat.isSymbolicLink() && (!last || walk.followLast);
  return { parent, name, fd, stat, link: follow ? readlinkSync(under(parent, name)) : null };
}

function enter(folders: number[], step: Step, path: string): void {
  if (step.fd === null) throw new InsideError('ENOENT', path);
  if (!step.stat?.isDirectory()) throw new InsideError('ENOTDIR', path);
  if (folders.length >= MAX_DEPTH) throw new InsideError('ENAMETOOLONG', path);
  folders.push(step.fd);
}

function names(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .toReversed();
}

function keep(open: number[], fd: number): number {
  open.push(fd);
  return fd;
}
