import { expect, test } from 'vitest';
import { answersOf } from '../../../src/evaluation/verdict/find-expected.ts';
import type { TestResult, TestStatus } from '../../../src/result.ts';

const report = (tests: Readonly<Record<string, TestStatus>>): TestResult[] =>
  Object.entries(tests).map(([name, status]) => ({ name, status }));

test.each([
  ['passed', { passed: true, kept: true }],
  ['xfailed', { passed: true, kept: true }],
  ['skipped', { passed: false, kept: true }],
  ['failed', { passed: false, kept: false }],
  ['error', { passed: false, kept: false }],
] as const)('a test that %s answers so', (status, answer) => {
  const answers = answersOf(report({ 't.py::a': status }));
  expect(answers('t.py::a')).toEqual(answer);
  expect(answers('t.py::b')).toBeUndefined();
});

test('a name that is there twice passed only if both did', () => {
  const twice = [...report({ a: 'passed' }), ...report({ a: 'skipped' })];
  expect(answersOf(twice)('a')).toEqual({ passed: false, kept: true });
});

test('a Go test is found with and without its package, and must have passed in all of them', () => {
  const answers = answersOf(
    report({ 'b.org/v.2/p.TestA/x.y/z': 'passed', 'p.TestB': 'passed', 'q.TestB': 'failed' }),
  );
  expect(answers('b.org/v.2/p.TestA/x.y/z')?.passed).toBe(true);
  expect(answers('TestA/x.y/z')?.passed).toBe(true);
  expect(answers('p.TestB')?.passed).toBe(true);
  expect(answers('TestB')?.passed).toBe(false);
  expect(answers('y/z')).toBeUndefined();
});

test('a name cut in its parameters stands for all that begin so, also as JUnit has them', () => {
  const answers = answersOf(
    report({
      't.a[x y]': 'passed',
      't.a[x z]': 'passed',
      't.a[y]': 'failed',
      't.py::b[1 2]': 'passed',
      't.py::b[1 3]': 'error',
    }),
  );
  expect(answers('t.py::a[x')?.passed).toBe(true);
  expect(answers('t.py::a[')?.passed).toBe(false);
  expect(answers('t.py::b[1')?.passed).toBe(false);
  expect(answers('t.py::a[z')).toBeUndefined();
  expect(answers('t.py::a')).toBeUndefined();
});

test('a pytest test is found without its file, and must have passed in all files', () => {
  const answers = answersOf(
    report({ 'a.py::TestA::test_x[1::2]': 'passed', 'a.py::test_b': 'passed', 'b.py::test_b': 'failed' }),
  );
  expect(answers('TestA.test_x[1.2]')?.passed).toBe(true);
  expect(answers('test_b')?.passed).toBe(false);
});
