import pLimit from 'p-limit';
import { EvalpoolError } from '../../errors.ts';
import { harmlessLine } from '../../harmless-text.ts';
import type { Spec } from '../../spec.ts';
import type { Found } from '../stages/close-tests.ts';
import type { Desk } from '../open-desk.ts';
import { UnreadableReport } from '../parsers/reported.ts';
import type { TestRun } from '../stages/run-tests.ts';

/** Largest test report, bytes; several files count together. */
export const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const AT_ONCE = 4;

/** The bytes of a test report. `unread`: why there are none, or null. */
export interface Gathered {
  files: Uint8Array[];
  unread: string | null;
}

/** Takes the report that the spec asks for out of what was found; null if it asks for none. Throws only what is our own fault. */
export async function gatherReport(
  desk: Desk,
  spec: Spec,
  { run, found }: { run: TestRun; found: Found },
): Promise<Gathered | null> {
  if (spec.report === undefined) return null;
  const { path } = spec.report;
  try {
    return { files: path === undefined ? [ofOutput(run)] : await readAll(desk, path, found), unread: null };
  } catch (error) {
    if (!(error instanceof UnreadableReport)) throw error;
    return { files: [], unread: harmlessLine(error.message, 300) };
  }
}

async function readAll(desk: Desk, path: string, found: Found): Promise<Uint8Array[]> {
  if (found.report.length === 0) throw new UnreadableReport(`there is no file ${path}`);
  const bytes = found.report.reduce((sum, file) => sum + file.bytes, 0);
  if (found.more || bytes > MAX_REPORT_BYTES)
    throw new UnreadableReport('its files are too many or too large');
  const limit = pLimit(AT_ONCE);
  return await Promise.all(found.report.map((file) => limit(() => readOne(desk, file.realPath, file.bytes))));
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
