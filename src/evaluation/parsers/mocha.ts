import { z } from 'zod';
import { parseDocument, shapeOf } from './json-document.ts';
import { refuseUncounted, type ReportedTests } from './reported.ts';

const list = z.array(z.unknown());
const Document = z.object({
  stats: z.object({ tests: z.int(), passes: z.int(), pending: z.int(), failures: z.int() }),
  tests: list,
  passes: list,
  pending: list,
  failures: list,
});
const Test = z.object({
  fullTitle: z.string(),
  duration: z.number().nullish(),
  err: z.object({ message: z.string().optional() }).nullish(),
});
const KINDS = [
  ['passes', 'passed'],
  ['pending', 'skipped'],
  ['failures', 'failed'],
] as const;

/** Reads what mocha's `json` reporter writes. A failed hook is a failed test of its own. */
export async function readMocha(text: string, into: ReportedTests): Promise<void> {
  const document = shapeOf(Document, parseDocument(text), "it is not mocha's JSON");
  const before = into.tests.length;
  for (const [kind, status] of KINDS) {
    for (const each of document[kind]) {
      const { fullTitle, duration, err } = shapeOf(Test, each, `one of its ${kind}`);
      const message = err?.message ?? '';
      into.add({ name: fullTitle, status, message, ...(duration ? { seconds: duration / 1000 } : {}) });
    }
  }
  const { tests, failures } = document.stats;
  refuseUncounted(into.tests.slice(before), { tests, failed: failures });
}
