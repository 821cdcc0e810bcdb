import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../../../src/evaluation/verdict/judge.ts';
import { parseReport } from '../../../src/evaluation/parsers/formats.ts';
import { noTests, UnreadableReport } from '../../../src/evaluation/parsers/reported.ts';
import type { ReportFormat } from '../../../src/report-format.ts';
import type { TestResult } from '../../../src/result.ts';
import { Spec } from '../../../src/spec.ts';

/** The bytes of a report in `reports/`. */
export function reportOf(file: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'reports', file));
}

/** The format that a report's file stands for. */
export function formatOf(file: string): ReportFormat {
  if (file.endsWith('.xml')) return 'junit';
  if (file.endsWith('.tap')) return 'tap';
  if (file === 'vitest.json') return 'jest';
  return (['pytest', 'unittest', 'cargo', 'go-json', 'go', 'jest', 'mocha', 'ctrf'] as const).find((format) =>
    file.startsWith(format),
  )!;
}

/** What is read of a report. Throws UnreadableReport. */
export async function readTests(format: ReportFormat, report: string | Uint8Array): Promise<TestResult[]> {
  const into = noTests();
  await parseReport(format, typeof report === 'string' ? Buffer.from(report) : report, into);
  return into.tests;
}

/** True if a run whose script ended with 0 passes by this report. Throws what is neither a verdict nor an unusable report. */
export async function passes(format: ReportFormat, report: string | Uint8Array): Promise<boolean> {
  const tests = await readTests(format, report).catch((error: unknown) => {
    if (error instanceof UnreadableReport) return [];
    throw error;
  });
  const spec = Spec.parse({ id: 'a', test: 'true', report: { format, path: 'report' } });
  const run = { exitCode: 0, signal: null, heardAll: true, output: null, limit: null };
  try {
    judge(spec, run, {
      report: { tests, problem: tests.length === 0 ? 'nothing to judge by' : null },
      reward: null,
    });
    return true;
  } catch {
    return false;
  }
}
