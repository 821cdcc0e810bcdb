import { z } from 'zod';
import { parseDocument, shapeOf } from './json-document.ts';
import { refuseUncounted, type ReportedTests } from './reported.ts';

const Document = z.object({
  results: z.object({
    summary: z.object({ tests: z.int(), failed: z.int() }),
    tests: z.array(z.unknown()),
  }),
});
const Test = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed', 'skipped', 'pending', 'other']),
  duration: z.number().nullish(),
  message: z.string().nullish(),
});

/** Reads a report in the Common Test Report Format (ctrf.io). `pending` and `other` tests count as skipped. */
export async function readCtrf(text: string, into: ReportedTests): Promise<void> {
  const { results } = shapeOf(Document, parseDocument(text), 'it is not CTRF');
  const before = into.tests.length;
  for (const each of results.tests) {
    const { name, status, duration, message } = shapeOf(Test, each, 'one of its tests');
    into.add({
      name,
      status: status === 'passed' || status === 'failed' ? status : 'skipped',
      message: message ?? '',
      ...(duration ? { seconds: duration / 1000 } : {}),
    });
  }
  refuseUncounted(into.tests.slice(before), results.summary);
}
