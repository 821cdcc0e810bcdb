import { EvalpoolError } from '../errors.ts';
import type { TestResult } from '../result.ts';
import type { Spec } from '../spec.ts';
import { expectedNames } from './expected-names.ts';
import type { Report } from './read-report.ts';
import { describeExit } from './run-script.ts';
import type { TestRun } from './run-tests.ts';

const NAMED = 3;

/** Throws SPEC_INVALID for a spec whose verdict could rest on nothing. */
export function refuseUnjudgeable(spec: Spec): void {
  const named = [...(spec.expect?.failToPass ?? []), ...(spec.expect?.passToPass ?? [])];
  if (named.length > 0 && spec.report === undefined) {
    throw new EvalpoolError('SPEC_INVALID', 'expect: names tests, but there is no `report` to find them in');
  }
  if (spec.report?.format === 'junit' && spec.report.path === undefined) {
    throw new EvalpoolError('SPEC_INVALID', 'report.path: expected a path or glob for format junit');
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
  const { failToPass = [], passToPass = [] } = spec.expect ?? {};
  if (failToPass.length + passToPass.length > 0) {
    const unmet = [...unmetOf(failToPass, tests, false), ...unmetOf(passToPass, tests, true)];
    if (unmet.length > 0) throw failed('TESTS_FAILED', count(unmet, failToPass.length + passToPass.length));
    return;
  }
  const failing = tests.filter(isFailing);
  if (failing.length > 0)
    throw failed(
      'TESTS_FAILED',
      count(
        failing.map((test) => test.name),
        tests.length,
      ),
    );
  if (tests.every((test) => test.status === 'skipped'))
    throw failed('NO_TESTS', 'every reported test was skipped');
}

// A name may stand in a report several times: it passed only if all of them did.
function unmetOf(
  expected: readonly string[],
  tests: readonly TestResult[],
  skippedCounts: boolean,
): string[] {
  const statuses = new Map<string, boolean>();
  for (const test of tests) {
    const passed = test.status === 'passed' || (skippedCounts && test.status === 'skipped');
    statuses.set(test.name, (statuses.get(test.name) ?? true) && passed);
  }
  return expected.filter((name) => !expectedNames(name).some((form) => statuses.get(form) === true));
}

function isFailing(test: TestResult): boolean {
  return test.status === 'failed' || test.status === 'error';
}

function count(names: readonly string[], of: number): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.length} of ${of} tests did not pass: ${names.slice(0, NAMED).join(', ')}${more}`;
}

function failed(code: 'TESTS_FAILED' | 'NO_TESTS' | 'LIMITS', message: string): EvalpoolError {
  return new EvalpoolError(code, message, { stage: 'test' });
}
