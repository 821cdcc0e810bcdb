import { z } from 'zod';
import type { TestStatus } from '../../result.ts';
import { parseDocument, shapeOf } from './json-document.ts';
import { refuseUncounted, type ReportedTests } from './reported.ts';

// Lists are read item by item, so that a hostile one ends at its first wrong item.
const list = z.array(z.unknown());
const Document = z.object({ numTotalTests: z.int(), numFailedTests: z.int(), testResults: list });
const File = z.object({
  name: z.string(),
  status: z.string(),
  message: z.string().nullish(),
  assertionResults: list,
});
const STATUSES: Readonly<Record<string, TestStatus>> = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  pending: 'skipped',
  todo: 'skipped',
  disabled: 'skipped',
};
const Test = z.object({
  fullName: z.string(),
  status: z.string().transform((word) => STATUSES[word] ?? 'error'),
  duration: z.number().nullish(),
  failureMessages: list.nullish(),
});

/** Reads what `jest --json` and vitest's `json` reporter write. A file that could not be run is a test in error, of its name. */
export async function readJest(text: string, into: ReportedTests): Promise<void> {
  const document = shapeOf(Document, parseDocument(text), 'it is not the JSON of jest or vitest');
  const before = into.tests.length;
  for (const each of document.testResults) readFile(shapeOf(File, each, 'one of its testResults'), into);
  refuseUncounted(into.tests.slice(before), {
    tests: document.numTotalTests,
    failed: document.numFailedTests,
  });
}

function readFile(file: z.output<typeof File>, into: ReportedTests): void {
  let failed = false;
  for (const each of file.assertionResults) {
    const { fullName, status, duration, failureMessages } = shapeOf(Test, each, 'one of its tests');
    failed ||= status === 'failed' || status === 'error';
    const [first] = failureMessages ?? [];
    const message = typeof first === 'string' ? first : '';
    into.add({ name: fullName, status, message, ...(duration ? { seconds: duration / 1000 } : {}) });
  }
  if (file.status === 'failed' && !failed)
    into.add({ name: file.name, status: 'error', message: file.message ?? '' });
}
