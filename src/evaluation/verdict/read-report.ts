import { harmlessLine } from '../../harmless-text.ts';
import type { TestResult } from '../../result.ts';
import type { Spec } from '../../spec.ts';
import { cutBetween } from './cut-between.ts';
import type { Gathered } from './gather-report.ts';
import { parseReport } from '../parsers/formats.ts';
import { noTests, UnreadableReport } from '../parsers/reported.ts';

/** What the test report says. `problem`: why no verdict can rest on it, or null. */
export interface Report {
  tests: TestResult[];
  problem: string | null;
}

/** Reads a report as the spec says; null if it asks for none. The same bytes give the same report. */
export async function readReport(
  spec: Pick<Spec, 'report'>,
  gathered: Gathered | null,
): Promise<Report | null> {
  if (spec.report === undefined || gathered === null) return null;
  const into = noTests();
  if (gathered.unread !== null) return { tests: [], problem: cannotBeUsed(gathered.unread) };
  try {
    const { format, between } = spec.report;
    for (const bytes of gathered.files)
      await parseReport(format, between === undefined ? bytes : cutBetween(bytes, between), into);
    return { tests: into.tests, problem: into.tests.length === 0 ? 'the report holds no test' : null };
  } catch (error) {
    if (!(error instanceof UnreadableReport)) throw error;
    return { tests: into.tests, problem: cannotBeUsed(harmlessLine(error.message, 300)) };
  }
}

function cannotBeUsed(why: string): string {
  return `the report cannot be used: ${why}`;
}
