import { posix } from 'node:path';
import pLimit from 'p-limit';
import { EvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import type { Spec } from '../spec.ts';
import { listFiles } from './list-files.ts';
import type { Desk } from './open-desk.ts';
import { UnreadableReport } from './parsers/reported.ts';
import type { TestRun } from './run-tests.ts';

/** Largest test report, bytes; several files count together. */
export const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const MAX_FILES = 1_000;
const AT_ONCE = 4;

/** The bytes of a test report. `unread`: why there are none, or null. */
export interface Gathered {
  files: Uint8Array[];
  unread: string | null;
}

/** Takes the report that the spec asks for out of the sandbox; null if it asks for none. Throws only what is our own fault. */
export async function gatherReport(desk: Desk, spec: Spec, run: TestRun): Promise<Gathered | null> {
  if (spec.report === undefined) return null;
  try {
    return { files: await gather(desk, spec, run), unread: null };
  } catch (error) {
    if (!(error instanceof UnreadableReport)) throw error;
    return { files: [], unread: harmlessLine(error.message, 300) };
  }
}

async function gather(desk: Desk, spec: Spec, run: TestRun): Promise<Uint8Array[]> {
  const path = spec.report?.path;
  if (path === undefined) return [ofOutput(run)];
  const root = posix.resolve(spec.repoDir, spec.cwd ?? '.');
  if (!/[*?[{]/.test(path)) return [await readOne(desk, posix.resolve(root, path), MAX_REPORT_BYTES)];
  const found = await listFiles(desk, root, { globs: [path], max: MAX_FILES });
  if (found.files.length === 0) throw new UnreadableReport(`nothing was found at ${path}`);
  const bytes = found.files.reduce((sum, file) => sum + file.bytes, 0);
  if (found.more || bytes > MAX_REPORT_BYTES)
    throw new UnreadableReport('its files are too many or too large');
  const limit = pLimit(AT_ONCE);
  return await Promise.all(found.files.map((file) => limit(() => readOne(desk, file.realPath, file.bytes))));
}

function ofOutput(run: TestRun): Uint8Array {
  if (run.output === null) throw new UnreadableReport(`the output has more than ${MAX_REPORT_BYTES} bytes`);
  return Buffer.from(run.output);
}

async function readOne(desk: Desk, path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const bytes = await desk.sandbox.readFile(path, maxBytes, desk.user);
    if (bytes === null) throw new UnreadableReport(`there is no file ${path}`);
    return bytes;
  } catch (error) {
    if (error instanceof EvalpoolError && error.code === 'LIMITS') throw new UnreadableReport(error.message);
    throw error;
  }
}
