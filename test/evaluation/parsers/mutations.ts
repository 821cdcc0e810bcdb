import * as fc from 'fast-check';
import { EXPECTED } from './expected-tests.ts';
import { formatOf, reportOf } from './read-text.ts';

/** A report around one failed test: what stands before and after it is changed, the test is left in place. */
export interface Victim {
  file: string;
  before: Buffer;
  /** All of the report that says that this test failed, line ends included. */
  failed: Buffer;
  after: Buffer;
}

// From and up to these, in each report.
const FAILED: Readonly<Record<string, [from: string, to: string]>> = {
  'cargo.txt': ['\ntest tests::is_wrong', 'FAILED\n'],
  'ctrf.json': ['      {\n        "name": "calc deep is wrong"', '\n      },'],
  'go-json.jsonl': ['\n{"Time":"2026-11-24T14:47:22.649137812Z"', '\n'],
  'go-v.txt': ['\n--- FAIL: TestBad', '\n'],
  'go.txt': ['\n--- FAIL: TestPanic', '\n'],
  'googletest.xml': ['<testcase name="IsWrong"', '</testcase>'],
  'gotestsum.xml': ['<testcase classname="example.org/calc" name="TestBad"', '</testcase>'],
  'gradle.xml': ['<testcase name="isWrong', '</testcase>'],
  'jest-junit.xml': ['<testcase classname="calc deep', '</testcase>'],
  'jest.json': ['{"ancestorTitles":["calc","deep"]', '"title":"is wrong","startAt":1795531633962}'],
  'maven.xml': ['<testcase name="isWrong', '</testcase>'],
  'mocha.json': ['    {\n      "title": "\\"before all', 'message": "no"\n      }\n    }'],
  'node.tap': ['\nnot ok 1 - calc', '\n'],
  'node.xml': ['<testcase name="is wrong', '</testcase>'],
  'pytest-colour.txt': ['\n\u001b[31mFAILED', '\n'],
  'pytest.txt': ['\nFAILED', '\n'],
  'pytest.xml': ['<testcase classname="tests.test_calc" name="test_bad"', '</testcase>'],
  'tap14.tap': ['\nnot ok 1 - calc', '\n'],
  'unittest.txt': ['\ntest_bad (', 'FAIL\n'],
  'vitest.json': ['{"ancestorTitles":["calc","deep"]', '"tags":[]}'],
  'vitest.xml': ['<testcase classname="calc.test.js" name="calc &gt; deep', '</testcase>'],
};

/** One for each report in `reports/`. */
export const VICTIMS: readonly Victim[] = Object.keys(EXPECTED).map((file) => {
  const report = reportOf(file);
  const [from, to] = FAILED[file] ?? ['', ''];
  const start = report.indexOf(from);
  const end = report.indexOf(to, start + from.length) + to.length;
  if (from === '' || start === -1 || end < to.length)
    throw new Error(`${file}: the failed test is not found`);
  return {
    file,
    before: report.subarray(0, start),
    failed: report.subarray(start, end),
    after: report.subarray(end),
  };
});

// What other formats, terminals and languages would read as more than text.
const TOKENS = [
  '\n', '\r', '"', "'", '<', '>', '&', '{', '}', '[', ']', ',', '\\', '\u0000', '\ufeff', '\u001b[31m', '\u009b', '# SKIP', ' # TODO',
  'TAP version 13\n', '1..0\n', '1..1\n', 'ok 1\n', 'Bail out!\n', '  ---\n', '  ...\n', 'pragma +strict\n', 'running 1 test\n',
  'failures:\n', 'test result: ok. 1 passed; 0 failed; 0 ignored;\n', 'PASS\n', 'ok  \tp\t1s\n', '=== RUN   TestA\n', 'Ran 0 tests in 0s\n',
  '\nOK\n', '= short test summary info =\n', '= 1 passed in 0.01s =\n', ' ... ok\n', '<testcase name="a"/>', '<failure/>', '<skipped/>',
  '</testcase>', '</testsuite>', '{"Action":"pass","Package":"p","Test":"TestA"}\n', '{"Action":"pass","Package":"p"}\n',
  '"status":"passed",', '"numFailedTests":0,', '"failures":0,', '"failures":[],', '"failed":0,', '"testResults":[],', '"tests":[],',
]; // prettier-ignore

type Change = (bytes: Buffer) => Buffer;

const spot = fc.double({ min: 0, max: 1, noNaN: true });
const at = (bytes: Buffer, part: number): number => Math.floor(part * bytes.length);
const insert = (bytes: Buffer, part: number, what: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at(bytes, part)), what, bytes.subarray(at(bytes, part))]);
const slice = (bytes: Buffer, one: number, other: number): Buffer =>
  bytes.subarray(at(bytes, Math.min(one, other)), at(bytes, Math.max(one, other)));

const flip = fc.tuple(spot, fc.nat(255)).map(([part, byte]): Change => (bytes) => {
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[at(bytes, part)] = byte;
  return changed;
});
const remove = fc.tuple(spot, spot).map(([one, length]): Change => (bytes) => {
  const gone = slice(bytes, one, Math.min(1, one + length / 10));
  return Buffer.concat([bytes.subarray(0, at(bytes, one)), bytes.subarray(at(bytes, one) + gone.length)]);
});
const cutEnd = spot.map(
  (part): Change =>
    (bytes) =>
      bytes.subarray(0, at(bytes, part)),
);
const cutStart = spot.map(
  (part): Change =>
    (bytes) =>
      bytes.subarray(at(bytes, part)),
);
const double = fc.tuple(spot, spot, spot).map(
  ([one, other, where]): Change =>
    (bytes) =>
      insert(bytes, where, slice(bytes, one, other)),
);
const insertToken = fc.tuple(fc.constantFrom(...TOKENS), spot).map(
  ([token, where]): Change =>
    (bytes) =>
      insert(bytes, where, Buffer.from(token)),
);
const insertReport = fc
  .tuple(fc.constantFrom(...VICTIMS), spot, spot, spot)
  .map(([{ file }, one, other, where]): Change => {
    const report = reportOf(file);
    return (bytes) => insert(bytes, where, slice(report, one, other));
  });

const changes = fc.array(fc.oneof(flip, remove, cutEnd, cutStart, double, insertToken, insertReport), {
  maxLength: 3,
});

/** A report with its failed test in place and the rest changed at random, and what it is to be read as. */
export const mutated = fc
  .tuple(fc.constantFrom(...VICTIMS), changes, changes, fc.boolean())
  .map(([{ file, before, failed, after }, first, second, auto]) => ({
    file,
    format: auto ? ('auto' as const) : formatOf(file),
    report: Buffer.concat([apply(first, before), failed, apply(second, after)]),
  }));

/** Reports changed anywhere, the failed test too. */
export const broken = fc
  .tuple(fc.constantFrom(...VICTIMS), changes, fc.boolean())
  .map(([{ file }, all, auto]) => ({
    format: auto ? ('auto' as const) : formatOf(file),
    report: apply(all, reportOf(file)),
  }));

function apply(all: readonly Change[], bytes: Buffer): Buffer {
  return all.reduce((changed, change) => change(changed), bytes);
}
