import { expect, test } from 'vitest';
import { REPORT_FORMATS } from '../../../src/report-format.ts';
import { passes, readTests } from './read-text.ts';

const MEGABYTE = 1_000_000;
const FORMATS = REPORT_FORMATS;

// What makes an expression look twice at the same text, or a parser keep it all. Quadratic work on these would take hours: the
// time limit of the test is what fails it.
const REPEATED = [
  ' ', '\n', '\t', '=', '= ', '{', '[', '"', '\\', '[{"', '<', '<a>', '<a ', '&#1;', '(', ' ... ', ' - ', '] - ', ': ', '1..',
  '1 a, ', '\u001b[', '\u001b]', ';#', '\r', '\ud800', '\u0000', 'ok 1\n', 'ok 1 - a {\n', '    # Subtest: a\n', '  ---\n',
  'test a ... ok', '--- PASS: ', '=== RUN   T\n', 'PASSED a::b[', 'FAILED a::b - ', 'SKIPPED [1] ', ' ... skipped ', '1 passed, ',
  '{"Action":"run","Package":"p","Test":"', '{"Action":"run","Package":"p"}\n', '{"fullTitle":', '"a":{', '[],', '0,',
]; // prettier-ignore
const STARTS: Readonly<Record<string, string>> = {
  nothing: '',
  junit: '<testsuite><testcase name="',
  tap: 'TAP version 13\nok 1 - ',
  pytest: '= short test summary info =\nPASSED a::b[',
  unittest: 'a ... ',
  go: '--- PASS: ',
  'go-json': '{"Action":"',
  cargo: 'running 1 test\ntest a ... ok',
  jest: '{"testResults":[',
  ctrf: '{"results":{"tests":[',
};

test.each(REPEATED)(
  'a megabyte of %j end in an outcome, in every format',
  async (repeated) => {
    for (const [name, start] of Object.entries(STARTS)) {
      const hostile = start + repeated.repeat(MEGABYTE / repeated.length);
      for (const format of name === 'nothing'
        ? FORMATS
        : FORMATS.filter((each) => each === name || each === 'auto'))
        expect([name, format, await passes(format, hostile)]).toEqual([name, format, false]);
    }
  },
  300_000,
);

test.each([
  ['junit', `<testsuite>${'<testcase name="a"/>'.repeat(60_000)}</testsuite>`],
  ['tap', 'ok\n'.repeat(60_000)],
  ['pytest', `= short test summary info =\n${'PASSED a::b\n'.repeat(60_000)}= 60000 passed in 1s =`],
  ['unittest', 'a ... ok\n'.repeat(60_000)],
  ['go', `${'--- PASS: TestA (0.00s)\n'.repeat(60_000)}ok  \tp\t1s\n`],
  [
    'go-json',
    `${'{"Action":"pass","Package":"p","Test":"TestA"}\n'.repeat(60_000)}{"Action":"pass","Package":"p"}\n`,
  ],
  ['cargo', `running 60000 tests\n${'test a ... ok\n'.repeat(60_000)}`],
  [
    'ctrf',
    `{"results":{"summary":{"tests":1,"failed":0},"tests":[${'{"name":"a","status":"passed"},'.repeat(60_000)}{}]}}`,
  ],
] as const)('more tests of %s than can be kept are refused', async (format, report) => {
  await expect(readTests(format, report)).rejects.toThrow('more than 50000 tests');
});

test('JSON of too many values or too deep is refused before it is parsed', async () => {
  const many = `{"testResults":[${'[],'.repeat(4_000_000)}0]}`;
  await expect(readTests('jest', many)).rejects.toThrow('more than 3000000 values');
  await expect(readTests('jest', `{"a":${'['.repeat(1000)}}`)).rejects.toThrow('more than 200 deep');
});

test('names of every format are one harmless line, whatever bytes they come in', async () => {
  const name = Buffer.from([0x61, 0xff, 0xc2, 0x9b, 0x33, 0x31, 0x6d, 0xe2, 0x80, 0xae]);
  const reports: Array<[(typeof FORMATS)[number], string, string]> = [
    ['junit', '<testsuite><testcase name="', '"/></testsuite>'],
    ['tap', 'ok 1 - ', '\n1..1\n'],
    ['pytest', '= short test summary info =\nPASSED ', '\n= 1 passed in 1s ='],
    ['unittest', '', ' ... ok\nRan 1 test in 1s\n\nOK\n'],
    ['go', '--- PASS: ', ' (0.00s)\nok  \tp\t1s\n'],
    ['go-json', '{"Action":"pass","Package":"p","Test":"', '"}\n{"Action":"pass","Package":"p"}'],
    ['cargo', 'running 1 test\ntest ', ' ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored;'],
    ['ctrf', '{"results":{"summary":{"tests":1,"failed":0},"tests":[{"name":"', '","status":"passed"}]}}'],
  ];
  for (const [format, before, after] of reports) {
    const bytes = Buffer.concat([Buffer.from(before), name, Buffer.from(after)]);
    const [one] = await readTests(format, bytes);
    expect([format, one?.name]).toEqual([format, expect.stringMatching(/^(?:p\.)?a\ufffd\ufffd$/)]);
  }
});
