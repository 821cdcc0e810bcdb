import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import { harmlessTail } from '../harmless-text.ts';

/** Lines of a log that are shown, characters of each, and the bytes they are looked for in. */
const SHOWN_LINES = 40;
const SHOWN_CHARACTERS = 400;
const SHOWN_BYTES = 64 * 1024;

/** Logs and artifacts of evaluations, by key: `<batch>/<evaluation>/<attempt>/<stage>.log`. */
export interface Blobs {
  /** Stores the bytes under the key, all or nothing. Throws STORE_FAILED. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes under the key, or null. */
  read(key: string): Promise<Buffer | null>;
  /** The last lines under the key, made harmless for a terminal; '' if there is nothing. */
  tail(key: string): Promise<string>;
  /** Removes everything whose key begins with this folder. */
  remove(prefix: string): Promise<void>;
}

/** Blobs in a folder of this machine's disk. */
export function openBlobs(folder: string): Blobs {
  return {
    put: async (key, bytes) => await put(pathOf(folder, key), bytes),
    read: (key) => stored(() => readIfThere(pathOf(folder, key))),
    tail: async (key) => shownTail(await stored(() => readEnd(pathOf(folder, key)))),
    remove: (prefix) => stored(() => rm(pathOf(folder, prefix), { recursive: true, force: true })),
  };
}

/** The last lines of a log as people are shown them: no escape codes, long lines cut. */
export function shownTail(content: Buffer): string {
  return harmlessTail(content.subarray(-SHOWN_BYTES), SHOWN_LINES, SHOWN_CHARACTERS);
}

/** One part of a key out of any text: letters, digits, `.`, `_`, `-`; never empty, never only dots. */
export function keyPart(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, 100);
  return /^\.*$/.test(plain) ? `_${plain}` : plain;
}

function pathOf(folder: string, key: string): string {
  const parts = key.split('/');
  if (parts.every((part) => part === keyPart(part))) return join(folder, ...parts);
  throw new EvalpoolError('INTERNAL', `not a key of a blob: ${JSON.stringify(key.slice(0, 200))}`);
}

// Written beside and renamed: a reader, or a crash, never meets half a log.
async function put(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  await stored(async () => {
    try {
      await writeMakingFolder(beside, bytes);
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

async function writeMakingFolder(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function readEnd(path: string): Promise<Buffer> {
  const file = await open(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (file === null) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, SHOWN_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EvalpoolError) throw error;
    const { message } = asEvalpoolError(error);
    throw new EvalpoolError('STORE_FAILED', `logs and artifacts: ${message}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
