import { posix } from 'node:path';
import pLimit from 'p-limit';
import { EvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import type { TestResult } from '../result.ts';
import type { Spec } from '../spec.ts';
import { listFiles } from './list-files.ts';
import type { Desk } from './open-desk.ts';
import { parseReport } from './parsers/formats.ts';
import { noTests, UnreadableReport } from './parsers/reported.ts';
import type { TestRun } from './run-tests.ts';

/** Largest test report, bytes; several files count together. */
export const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const MAX_FILES = 1_000;
const AT_ONCE = 4;

/** What the test report says. `problem`: why no verdict can rest on it, or null. */
export interface Report {
  tests: TestResult[];
  problem: string | null;
}

/** Reads the report that the spec asks for; null if it asks for none. Throws only what is our own fault. */
export async function readReport(desk: Desk, spec: Spec, run: TestRun): Promise<Report | null> {
  if (spec.report === undefined) return null;
  const into = noTests();
  try {
    for (const bytes of await gather(desk, spec, run)) await parseReport(spec.report.format, bytes, into);
    return { tests: into.tests, problem: into.tests.length === 0 ? 'the report holds no test' : null };
  } catch (error) {
    if (!(error instanceof UnreadableReport)) throw error;
    return { tests: into.tests, problem: `the report cannot be used: ${harmlessLine(error.message, 300)}` };
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
