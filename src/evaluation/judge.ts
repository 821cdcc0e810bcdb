import { EvalpoolError } from '../errors.ts';
import type { TestResult } from '../result.ts';
import type { Spec } from '../spec.ts';
import { needsPath } from '../report-format.ts';
import { answersOf } from './find-expected.ts';
import { isFailing } from './parsers/reported.ts';
import type { Report } from './read-report.ts';
import { describeExit } from './run-script.ts';
import type { TestRun } from './run-tests.ts';

const NAMED = 3;

/** Throws SPEC_INVALID for a spec whose verdict could rest on nothing. */
export function refuseUnjudgeable(spec: Spec): void {
  const { expect, report } = spec;
  const { failToPass = [], passToPass = [], required = [], minTests } = expect ?? {};
  if (failToPass.length + passToPass.length + required.length + (minTests ?? 0) > 0 && report === undefined) {
    throw new EvalpoolError(
      'SPEC_INVALID',
      'expect: is about tests, but there is no `report` to find them in',
    );
  }
  if (report !== undefined && needsPath(report.format) && report.path === undefined) {
    const { format } = report;
    throw new EvalpoolError('SPEC_INVALID', `report.path: expected a path or glob for format ${format}`);
  }
}

/** The verdict of docs/outcomes.md: returns if the candidate passed. Throws TESTS_FAILED, NO_TESTS or LIMITS. */
export function judge(spec: Spec, run: TestRun, report: Report | null): void {
  const exit = `the test script ${describeExit(run)}`;
  if (run.signal === 'SIGKILL' || run.exitCode === 137) throw failed('LIMITS', `the tests ${run.limit}`);
  if (report === null) return judgeByExit(run, exit);
  const failing = report.tests.filter(isFailing);
  if (run.limit !== null && failing.length === 0) throw failed('LIMITS', `the tests ${run.limit}`);
  if (report.problem !== null) throw failed('NO_TESTS', `${report.problem}; ${exit}`);
  judgeByReport(spec, report.tests);
  if (run.exitCode !== 0 && failing.length === 0) {
    throw failed('TESTS_FAILED', `${exit} though no reported test failed`);
  }
}

function judgeByExit(run: TestRun, exit: string): void {
  if (run.exitCode === 0) return;
  if (run.limit !== null) throw failed('LIMITS', `the tests ${run.limit}`);
  throw failed(run.exitCode === 126 || run.exitCode === 127 ? 'NO_TESTS' : 'TESTS_FAILED', exit);
}

function judgeByReport(spec: Spec, tests: readonly TestResult[]): void {
  const { failToPass = [], passToPass = [], required = [], minTests = 0 } = spec.expect ?? {};
  const ran = tests.filter((test) => test.status !== 'skipped').length;
  if (ran < minTests) throw failed('NO_TESTS', `only ${ran} tests ran, and expect.minTests is ${minTests}`);
  const answers = answersOf(tests);
  const unmet = [...failToPass, ...required].filter((name) => answers(name)?.passed !== true);
  unmet.push(...passToPass.filter((name) => answers(name)?.kept !== true));
  const named = failToPass.length + passToPass.length + required.length;
  if (unmet.length > 0) throw failed('TESTS_FAILED', count(unmet, named));
  if (failToPass.length + passToPass.length === 0) judgeAll(tests);
}

function judgeAll(tests: readonly TestResult[]): void {
  const failing = tests.filter(isFailing).map((test) => test.name);
  if (failing.length > 0) throw failed('TESTS_FAILED', count(failing, tests.length));
  if (!tests.some((test) => test.status === 'passed'))
    throw failed('NO_TESTS', 'every reported test was skipped or expected to fail');
}

function count(names: readonly string[], of: number): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.length} of ${of} tests did not pass: ${names.slice(0, NAMED).join(', ')}${more}`;
}

function failed(code: 'TESTS_FAILED' | 'NO_TESTS' | 'LIMITS', message: string): EvalpoolError {
  return new EvalpoolError(code, message, { stage: 'test' });
}
