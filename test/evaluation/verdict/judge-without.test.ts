import { expect, test } from 'vitest';
import { EvalpoolError, type ErrorCode } from '../../../src/errors.ts';
import { judgeWithout } from '../../../src/evaluation/verdict/judge-without.ts';
import { failedResult, type EvaluationResult, type TestResult } from '../../../src/result.ts';
import type { SpecInput } from '../../../src/spec.ts';

const spec = (expected?: SpecInput['expect']): SpecInput => ({
  id: 'a',
  test: 'true',
  report: { format: 'tap' },
  ...(expected ? { expect: expected } : {}),
});

/** A result with these tests: names in capitals failed. */
function resultOf(names: string, more: Partial<EvaluationResult> = {}): EvaluationResult {
  const tests = names.split(' ').map((name): TestResult => {
    return { name: name.toLowerCase(), status: name === name.toLowerCase() ? 'passed' : 'failed' };
  });
  const error = new EvalpoolError('TESTS_FAILED', 'x', { stage: 'test' });
  return { ...failedResult(error, 1), exitCode: 1, tests, ...more };
}

const passed = { outcome: 'passed', failure: null, exitCode: 0 } as const;

test.each([
  { of: 'the only one that failed', names: 'a FLAKY', is: 'passes' },
  { of: 'one of two that failed', names: 'A FLAKY', is: 'as_it_was' },
  { of: 'one of the list', names: 'a FLAKY', expected: { failToPass: ['a', 'flaky'] }, is: 'passes' },
  { of: 'one of which the count is asked', names: 'a FLAKY', expected: { minTests: 2 }, is: 'passes' },
  { of: 'one beside too few', names: 'a FLAKY', expected: { minTests: 3 }, is: 'as_it_was' },
  { of: 'all there is', names: 'FLAKY', is: 'nothing_left' },
  { of: 'all there is, and it passed', names: 'flaky', more: passed, is: 'nothing_left' },
  { of: 'all that decides', names: 'a FLAKY', expected: { failToPass: ['flaky'] }, is: 'nothing_left' },
  { of: 'one that passed, where the exit status says no', names: 'a flaky', is: 'as_it_was' },
  { of: 'one that the report does not name', names: 'a B', is: 'as_it_was' },
])('without $of', ({ names, expected, more = {}, is }) => {
  expect(judgeWithout({ spec: spec(expected), result: resultOf(names, more) }, ['flaky'])).toBe(is);
});

test('a test is known by the forms in which reports name it', () => {
  const result = resultOf('a DIR.TEST_X.TEST_Y');
  const rules = spec({ failToPass: ['a', 'dir/test_x.py::test_y'] });
  expect(judgeWithout({ spec: rules, result }, ['dir/test_x.py::test_y'])).toBe('passes');
});

test.each<ErrorCode>(['LIMITS', 'NO_TESTS', 'TEST_TIMED_OUT', 'BUILD_FAILED'])(
  '%s hangs on more than tests',
  (code) => {
    const { failure, outcome } = failedResult(new EvalpoolError(code, 'x', { stage: 'test' }), 1);
    const result = resultOf('a FLAKY', { failure, outcome });
    expect(judgeWithout({ spec: spec(), result }, ['flaky'])).toBe('as_it_was');
  },
);
