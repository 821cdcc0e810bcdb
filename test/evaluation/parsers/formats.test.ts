import { expect, test } from 'vitest';
import { REPORT_FORMATS } from '../../../src/report-format.ts';
import { EXPECTED } from './expected-tests.ts';
import { formatOf, passes, readTests, reportOf } from './read-text.ts';

/** A small report of each format of which every test passed, and from where on it may be cut without loss. */
const WHOLE = {
  junit: '<testsuite name="s"><testcase name="a"/><testcase name="b"/></testsuite>',
  tap: 'TAP version 13\nok 1 - a\nok 2 - b\n1..2\n',
  pytest: `=== short test summary info ===\nPASSED t.py::a\nPASSED t.py::b\n=== 2 passed in 0.01s ===\n`,
  unittest: 'a (t.T.a) ... ok\nb (t.T.b) ... ok\n\nRan 2 tests in 0.001s\n\nOK\n',
  go: '=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- PASS: TestB (0.00s)\nPASS\nok  \tp\t0.01s\n',
  'go-json': ['run', 'pass']
    .map((action) => `{"Action":"${action}","Package":"p","Test":"TestA"}\n`)
    .concat('{"Action":"pass","Package":"p"}\n')
    .join(''),
  cargo: 'running 2 tests\ntest a ... ok\ntest b ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored;\n',
  jest: '{"numTotalTests":2,"numFailedTests":0,"testResults":[{"name":"f","status":"passed","assertionResults":[{"fullName":"a","status":"passed"},{"fullName":"b","status":"passed"}]}]}',
  mocha:
    '{"stats":{"tests":1,"passes":1,"pending":0,"failures":0},"tests":[{"fullTitle":"a"}],"pending":[],"failures":[],"passes":[{"fullTitle":"a"}]}',
  ctrf: '{"reportFormat":"CTRF","results":{"summary":{"tests":1,"failed":0},"tests":[{"name":"a","status":"passed"}]}}',
} as const;

test.each(Object.entries(EXPECTED))('%s is read as its runner meant it, also by auto', async (file, told) => {
  for (const format of [formatOf(file), 'auto'] as const) {
    const tests = await readTests(format, reportOf(file));
    expect(tests.map(({ name, status, seconds }) => [status, name, seconds])).toEqual(
      told.map(([status, name, seconds]) => [status, name, seconds]),
    );
  }
});

test('there is a report of every format, and none of these passes', async () => {
  const files = Object.keys(EXPECTED);
  expect(new Set([...files.map(formatOf), 'auto'])).toEqual(new Set(REPORT_FORMATS));
  for (const file of files)
    expect([file, await passes(formatOf(file), reportOf(file))]).toEqual([file, false]);
});

test('failed tests keep what they said', async () => {
  const said = await Promise.all(
    ['pytest.txt', 'jest.json', 'vitest.json', 'mocha.json', 'ctrf.json'].map(async (file) =>
      (await readTests('auto', reportOf(file))).find((each) => each.status === 'failed'),
    ),
  );
  expect(said.map((each) => each?.message?.split('\n')[0])).toEqual([
    'AssertionError: sum - is wrong',
    'Error: expect(received).toBe(expected) // Object.is equality',
    'AssertionError: expected 2 to be 3 // Object.is equality',
    '2 == 3',
    'Error: expect(received).toBe(expected) // Object.is equality',
  ]);
});

test.each(Object.entries(WHOLE))('a report of %s that was cut anywhere is no pass', async (format, whole) => {
  const kind = REPORT_FORMATS.find((each) => each === format) ?? 'auto';
  expect(await passes(kind, whole)).toBe(true);
  expect(await passes('auto', whole)).toBe(true);
  const trimmed = whole.trimEnd();
  const lastLine = trimmed.lastIndexOf('\n') + 1;
  for (let end = 0; end < (lastLine === 0 ? trimmed.length : lastLine); end++)
    expect([end, await passes(kind, trimmed.slice(0, end))]).toEqual([end, false]);
});

test.each([
  ['pytest without -rA', 'pytest', '=== 2 passed in 0.01s ===\n', 'run pytest with -rA'],
  ['unittest without -v', 'unittest', '..\nRan 2 tests in 0.1s\n\nOK\n', 'run unittest with -v'],
  [
    'an invented end of unittest',
    'unittest',
    `Ran 0 tests in 0s\n\nOK\n${WHOLE.unittest.slice(20)}`,
    'names 1',
  ],
  [
    'a cargo result that is not its own',
    'cargo',
    WHOLE.cargo.replace('2 passed', '3 passed'),
    'counts 3, 0, 0',
  ],
  ['a cargo test inside another', 'cargo', `running 1 test\n${WHOLE.cargo}`, 'no result'],
  ['a Go package without end', 'go-json', '{"Action":"start","Package":"p"}\n', 'package p has no end'],
  ['a Go event cut in two', 'go-json', '{"Action":"start","Pack', 'not whole JSON'],
  [
    'a JUnit suite that lost its failures',
    'junit',
    '<testsuite failures="1"><testcase name="a"/></testsuite>',
    'names none',
  ],
  [
    'a jest report that lost a test',
    'jest',
    WHOLE.jest.replace('"numTotalTests":2', '"numTotalTests":3'),
    'names 2',
  ],
  [
    'a mocha report that lost its failures',
    'mocha',
    WHOLE.mocha.replace('"failures":0', '"failures":1'),
    'names none',
  ],
  [
    'an unknown status of CTRF',
    'ctrf',
    WHOLE.ctrf.replace('"passed"', '"flying"'),
    'one of its tests: status',
  ],
  ['JSON of something else', 'jest', '{"a":1}', 'it is not the JSON of jest'],
] as const)('%s is refused', async (_, format, report, why) => {
  await expect(readTests(format, report)).rejects.toMatchObject({
    name: 'UnreadableReport',
    message: expect.stringContaining(why),
  });
});

test.each([
  ['', 'it is empty'],
  ['all is well\nOK\n', 'it begins with: all is well OK'],
  [WHOLE.tap + WHOLE.cargo, 'it could be tap or cargo'],
  [`${WHOLE.ctrf}\n${WHOLE.pytest}`, 'it could be ctrf or pytest'],
])('auto says what it saw when it is not clear: %#', async (report, why) => {
  await expect(readTests('auto', report)).rejects.toThrow(why);
});

test.each([
  ['go', 'FAIL\tp [build failed]\n', [['error', 'p']]],
  ['go', 'ok  \tp\t0.1s [no tests to run]\n?   \tq\t[no test files]\n', [['skipped', 'p']]],
  ['go', '=== RUN   TestA\nFAIL\tp\t0.1s\n', [['error', 'p.TestA']]],
  ['go-json', '{"Action":"fail","Package":"p"}\n', [['error', 'p']]],
  ['pytest', 'ERROR t.py - ImportError\n', []],
  [
    'pytest',
    '== short test summary info ==\nERROR t.py - no\n=== 1 error in 0.1s ===\n',
    [['error', 't.py']],
  ],
  ['pytest', '=== no tests ran in 0.01s ===\n', []],
  ['unittest', 'Ran 0 tests in 0.000s\n\nNO TESTS RAN\n', []],
  ['junit', '<testsuite name="s"><error message="no"/></testsuite>', [['error', 's']]],
  [
    'jest',
    `> a@1 test\n> jest --json\n\n${WHOLE.jest}\n`,
    [
      ['passed', 'a'],
      ['passed', 'b'],
    ],
  ],
] as const)('of %s, %j is read as that', async (format, report, told) => {
  expect((await readTests(format, report)).map(({ status, name }) => [status, name])).toEqual(told);
});
