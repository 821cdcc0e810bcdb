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
import type { StepBudget } from './step-budget.ts';

// Node does not name it: the fd stands for the place itself, nothing is opened, so a FIFO or device cannot stall us.
export const O_PATH = 0o10000000;
const MAX_LINKS = 40;
const MAX_DEPTH = 256;
/** Names of one walk, those of its links included. */
const MAX_STEPS = 1024;
const [READ, PASS] = [0o004, 0o001];

/** Host ids that own what is made inside a box. */
export interface Owner {
  uid: number;
  gid: number;
}

/** A file tree to walk in. */
export interface Tree {
  /** Where the host sees its top for the length of one call. Throws InsideError ENOENT when it is gone. */
  readonly path: string;
  readonly owner: Owner;
}

/** Where a path led. Both fds are O_PATH and closed after use. */
export interface Place {
  /** The folder that holds it. */
  parent: number;
  /** Its name there; '' for the box's own root. */
  name: string;
  /** The thing itself; null: there is none. */
  fd: number | null;
  /** Its path inside, without any link. */
  real: string;
}

/** How to walk. */
export interface Walk {
  /** Follow a symlink in the last place? */
  followLast: boolean;
  /** Make missing folders? */
  makeParents?: boolean;
  /** Of a longer work that this walk is part of. */
  budget?: StepBudget;
}

/**
 * Walks to `path` inside the box and hands the place to `use`. Every step is one name under one pinned folder and symlinks
 * are resolved here, so nothing that a process inside renames meanwhile leads out. Where we are root, we pass only where the
 * box's user may: it can lay a link to what of the host it may not read. Throws InsideError.
 */
export async function reach<T>(
  root: Tree,
  path: string,
  walk: Walk,
  use: (place: Place) => T | Promise<T>,
): Promise<T> {
  const pinned: number[] = [];
  try {
    return await use(findPlace({ ...walk, root, path, pinned, trail: [] }));
  } catch (error) {
    throw asInsideError(error, path);
  } finally {
    for (const fd of pinned) closeSync(fd);
  }
}

/** May the owner of the tree read this? Only root needs to ask. */
export function mayRead({ owner }: Tree, stat: Stats): boolean {
  return !isRoot() || may(owner, stat, READ);
}

/** The path of a name under a pinned folder, for calls that do not follow its last component. */
export function under(parent: number, name: string | Buffer): string | Buffer {
  const folder = `/proc/self/fd/${parent}/`;
  return typeof name === 'string' ? folder + name : Buffer.concat([Buffer.from(folder), name]);
}

/** Pins the name under a folder, itself and not what it may link to; null: there is none. */
export function pin(parent: number, name: string | Buffer): number | null {
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
  if (isRoot()) chownSync(`/proc/self/fd/${fd}`, owner.uid, owner.gid);
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

interface Way extends Walk {
  root: Tree;
  path: string;
  /** From the top to here, folder by folder, and in the end the thing itself. */
  pinned: number[];
  /** Their names, without the top's. */
  trail: string[];
}

function findPlace(way: Way): Place {
  const { root, path, pinned, budget } = way;
  if (!path.startsWith('/') || path.includes('\0')) throw new InsideError('EINVAL', path);
  pinned.push(openSync(root.path, O_PATH | constants.O_DIRECTORY));
  const todo = names(path);
  for (let steps = 0, links = 0; todo.length > 0; steps++) {
    if (steps === MAX_STEPS || links > MAX_LINKS) throw new InsideError('ELOOP', path);
    budget?.spend(1);
    const name = todo.pop() ?? '';
    if (name === '..') {
      goUp(way, Math.max(pinned.length - 1, 1));
      continue;
    }
    const isLast = todo.length === 0;
    const link = takeStep(way, name, isLast);
    if (link === undefined) return { parent: pinned.at(-1) ?? -1, name, fd: null, real: real(way, name) };
    if (link === null && isLast)
      return { parent: pinned.at(-2) ?? -1, name, fd: pinned.at(-1) ?? -1, real: real(way) };
    if (link === null) continue;
    links++;
    if (link.startsWith('/')) goUp(way, 1);
    todo.push(...names(link));
  }
  const here = pinned.at(-1) ?? -1;
  return { parent: here, name: '', fd: here, real: real(way) };
}

/** Pins the next thing on the way; a link to follow is not part of it: then gives its target. undefined: there is nothing. */
function takeStep(way: Way, name: string, isLast: boolean): string | null | undefined {
  const { root, path, pinned } = way;
  const parent = pinned.at(-1) ?? -1;
  // The only procfs of a box lies here, and its magic links are the one way out that a walk by names cannot see.
  if (pinned.length === 1 && name === 'proc') throw new InsideError('EACCES', '/proc');
  if (pinned.length > MAX_DEPTH) throw new InsideError('ENAMETOOLONG', path);
  if (isRoot() && !may(root.owner, fstatSync(parent), PASS)) throw new InsideError('EACCES', path);
  let fd = pin(parent, name);
  if (fd === null && !isLast && way.makeParents) {
    makeOne(parent, name, root.owner);
    fd = pin(parent, name);
  }
  if (fd === null && !isLast) throw new InsideError('ENOENT', path);
  if (fd === null) return undefined;
  pinned.push(fd);
  way.trail.push(name);
  const follow = !isLast || way.followLast;
  if (!follow || !fstatSync(fd).isSymbolicLink()) return null;
  const target = readlinkSync(under(parent, name));
  goUp(way, pinned.length - 1);
  return target;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function may(owner: Owner, stat: Stats, right: number): boolean {
  return stat.uid === owner.uid || (stat.mode & right) !== 0;
}

function goUp({ pinned, trail }: Way, length: number): void {
  while (pinned.length > length) closeSync(pinned.pop() ?? -1);
  trail.length = length - 1;
}

function real({ trail }: Way, ...more: string[]): string {
  return `/${[...trail, ...more].join('/')}`;
}

function names(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .toReversed();
}
