import { EvalpoolError } from '../../errors.ts';
import type { Reward, TestResult } from '../../result.ts';
import type { Spec } from '../../spec.ts';
import { needsPath } from '../../report-format.ts';
import { answersOf } from './find-expected.ts';
import { judgeReward } from './judge-reward.ts';
import { isFailing } from '../parsers/reported.ts';
import type { Report } from './read-report.ts';
import { describeExit } from '../stages/run-script.ts';
import type { TestRun } from '../stages/run-tests.ts';

const NAMED = 3;

/** What is read of the sandbox after the tests; null where the spec asks for none. */
export interface Read {
  report: Report | null;
  reward: Reward | null;
}

/** Throws SPEC_INVALID for a spec whose verdict could rest on nothing. */
export function refuseUnjudgeable(spec: Spec): void {
  const { expect, report, reward } = spec;
  if (asksForTests(spec) && report === undefined)
    throw invalid('expect: is about tests, but there is no `report` to find them in');
  if (expect?.reward !== undefined && reward === undefined)
    throw invalid('expect.reward: there is no `reward` to compare it with');
  if (expect?.missing === 'passed' && (expect.failToPass ?? expect.passToPass) === undefined)
    throw invalid('expect.missing: is about `failToPass` and `passToPass`, and there is neither');
  if (report !== undefined && needsPath(report.format) && report.path === undefined)
    throw invalid(`report.path: expected a path or glob for format ${report.format}`);
}

function asksForTests({ expect }: Spec): boolean {
  const { failToPass = [], passToPass = [], required = [], minTests } = expect ?? {};
  return failToPass.length + passToPass.length + required.length + (minTests ?? 0) > 0;
}

/** The verdict of docs/outcomes.md: returns if the candidate passed. Throws TESTS_FAILED, NO_TESTS, NO_REWARD or LIMITS. */
export function judge(spec: Spec, run: TestRun, { report, reward }: Read): void {
  const exit = `the test script ${describeExit(run)}`;
  if (run.signal === 'SIGKILL' || run.exitCode === 137) throw failed('LIMITS', `the tests ${run.limit}`);
  if (reward !== null) {
    judgeReward(spec, reward, exit);
    if (run.exitCode !== 0) throw failed('TESTS_FAILED', `${exit} though the reward is high enough`);
    // Beside a reward a report only shows the tests, unless some of them are asked for.
    if (report === null || !asksForTests(spec)) return;
  }
  if (report === null) return judgeByExit(run, exit);
  const failing = report.tests.filter(isFailing);
  if (run.limit !== null && failing.length === 0) throw failed('LIMITS', `the tests ${run.limit}`);
  if (report.problem !== null) throw failed('NO_TESTS', `${report.problem}; ${exit}`);
  judgeByReport(spec, report.tests);
  if (run.exitCode !== 0 && failing.length === 0 && reward === null) {
    throw failed('TESTS_FAILED', `${exit} though no reported test failed`);
  }
}

function judgeByExit(run: TestRun, exit: string): void {
  if (run.exitCode === 0) return;
  if (run.limit !== null) throw failed('LIMITS', `the tests ${run.limit}`);
  throw failed(run.exitCode === 126 || run.exitCode === 127 ? 'NO_TESTS' : 'TESTS_FAILED', exit);
}

function judgeByReport(spec: Spec, tests: readonly TestResult[]): void {
  const { failToPass = [], passToPass = [], required = [], minTests = 0, missing } = spec.expect ?? {};
  const ran = tests.filter((test) => test.status !== 'skipped').length;
  if (ran < minTests) throw failed('NO_TESTS', `only ${ran} tests ran, and expect.minTests is ${minTests}`);
  const answers = answersOf(tests);
  const ofMissing = missing === 'passed';
  const unmet = [
    ...failToPass.filter((name) => !(answers(name)?.passed ?? ofMissing)),
    ...required.filter((name) => answers(name)?.passed !== true),
    ...passToPass.filter((name) => !(answers(name)?.kept ?? ofMissing)),
  ];
  const named = failToPass.length + passToPass.length + required.length;
  if (unmet.length > 0) throw failed('TESTS_FAILED', count(unmet, named));
  if (failToPass.length + passToPass.length === 0 && spec.reward === undefined) judgeAll(tests);
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

function invalid(message: string): EvalpoolError {
  return new EvalpoolError('SPEC_INVALID', message);
}
