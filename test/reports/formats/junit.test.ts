import { parse } from 'junit2json';
import { afterAll, expect, test } from 'vitest';
import { readJunit } from '../../../src/evaluation/parsers/junit.ts';
import { noTests } from '../../../src/evaluation/parsers/reported.ts';
import { harmlessLine } from '../../../src/harmless-text.ts';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import type { TestResult } from '../../../src/result.ts';
import { HOSTILE, textOf, writeRun } from './a-run.ts';

const written = writeRun();
afterAll(() => written.remove());

async function readAgain(xml: string): Promise<TestResult[]> {
  const into = noTests();
  await readJunit(xml, into);
  return into.tests;
}

// XML has no line end within an attribute but as a reference, and evalpool's reader shows names on one line.
const NAME = harmlessLine(HOSTILE, 500);

test('each evaluation is a test case that evalpool itself reads again, its verdict and its log with it', async () => {
  const tests = await readAgain(await textOf(FORMATS['junit'], await written.open()));
  expect(tests.map(({ name, status }) => [name, status])).toEqual([
    ['night.a__a-1', 'passed'],
    ['night.a__a-2', 'failed'],
    ['night.a__a-2 #1', 'passed'],
    [`night.${NAME}`, 'failed'],
    ['night.a__a-4', 'error'],
    ['night.a__a-5', 'error'],
    ['night.a__a-6', 'skipped'],
    ['night.batch.jsonl:9', 'error'],
  ]);
  expect(tests[0]?.seconds).toBe(2.25);
  expect(tests[1]?.message).toBe('1 of 2 tests failed\nfirst\nE   assert 1 == 2');
  expect(tests[3]?.message).toContain('https://evil.test');
});

test('another reader finds the same counts and the labels', async () => {
  const suites = await parse(await textOf(FORMATS['junit'], await written.open()));
  expect(suites).toMatchObject({
    name: 'night',
    tests: 8,
    failures: 2,
    errors: 3,
    testsuite: [{ name: 'night', tests: 8, failures: 2, errors: 3, skipped: 1 }],
  });
  expect(JSON.stringify(suites)).toContain('{"name":"language","value":"python"}');
});

test('with tests, each evaluation is a suite of its tests, and one whose tests all passed is not told as passed', async () => {
  const xml = await textOf(FORMATS['junit'], await written.open(), { tests: true });
  const tests = await readAgain(xml);
  expect(tests.map(({ name, status }) => [name, status])).toEqual([
    ['a__a-1.t.py::test_a', 'passed'],
    ['a__a-1.t.py::test_x', 'xfailed'],
    ['a__a-2.t.py::test_a', 'failed'],
    ['a__a-2.t.py::test_b', 'skipped'],
    ['a__a-2 #1', 'passed'],
    [NAME, 'passed'],
    [NAME, 'failed'],
    ['a__a-4', 'error'],
    ['a__a-5', 'error'],
    ['a__a-6', 'skipped'],
    ['batch.jsonl:9', 'error'],
  ]);
  expect(await parse(xml)).toMatchObject({
    testsuite: [{ name: 'a__a-1', tests: 2 }, { name: 'a__a-2' }, {}, {}, {}, {}, {}, {}],
  });
});

test('the path of a log that leads out of the results folder is not read', async () => {
  expect(await textOf(FORMATS['junit'], await written.open())).toContain(
    'message="no such ref" type="REF_NOT_FOUND"></error>',
  );
});
