import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { harmlessTail } from '../../harmless-text.ts';
import { decisiveLog } from '../decisive-log.ts';
import type { ResultRecord, RunFolder } from './run-folder.ts';

const BYTES = 32 * 1024;
const LINE = 400;

/** The last lines of the log that decided, as harmless text; '' where there is none, or where it lies outside of the folder. */
export async function readLogTail(run: RunFolder, record: ResultRecord, lines: number): Promise<string> {
  const log = decisiveLog(record.failure?.stage, record.logs);
  if (log === undefined) return '';
  try {
    const [root, path] = await Promise.all([realpath(run.path), realpath(join(run.path, log))]);
    return path.startsWith(root + sep) ? harmlessTail(await readEnd(path), lines, LINE) : '';
  } catch {
    // Removed, or never copied: the result says what matters.
    return '';
  }
}

async function readEnd(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.min(size, BYTES)),
      position: Math.max(0, size - BYTES),
    });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
