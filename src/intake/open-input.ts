import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EvalpoolError } from '../errors.ts';

/** One file to read lines from. */
export interface Input {
  /** Absolute path, or `stdin`. Part of every line's source. */
  name: string;
  /** What relative paths in it are relative to. */
  folder: string;
  open(): AsyncIterable<Buffer>;
}

/** The files that FILE, DIR (its *.jsonl, sorted) or `-` names. Throws INPUT_UNREADABLE. */
export async function openInput(path: string): Promise<Input[]> {
  if (path === '-') return [{ name: 'stdin', folder: process.cwd(), open: () => process.stdin }];
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) return [fileInput(path)];
  const names = await readdir(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const batches = names.filter((name) => name.endsWith('.jsonl')).toSorted();
  if (batches.length === 0) throw new EvalpoolError('INPUT_UNREADABLE', `${path} holds no *.jsonl file`);
  return batches.map((name) => fileInput(join(path, name)));
}

function fileInput(path: string): Input {
  const name = resolve(path);
  return { name, folder: dirname(name), open: () => readBytes(name) };
}

async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const stream = path.endsWith('.gz') ? pipeline(file, createGunzip(), () => undefined) : file;
  try {
    yield* stream;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): EvalpoolError {
  const why = error instanceof Error ? error.message : String(error);
  return new EvalpoolError('INPUT_UNREADABLE', `${path} cannot be read: ${why}`, { cause: error });
}
