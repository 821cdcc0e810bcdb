import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBench, type Bench } from '../try-spec.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

test('artifacts are kept, links and folders are not followed out', async () => {
  const tried = await bench.attempt({
    test: `mkdir -p out/deep 'out/sp ace' && echo a > out/a.txt && head -c 3 /dev/urandom > out/deep/b.bin &&
      echo c > 'out/sp ace/c.txt' && ln -s /etc/passwd out/link.txt && ln -s /etc out/etc && mkfifo out/pipe.txt && false`,
    artifacts: [
      'out/**/*.txt',
      'out/deep/b.bin',
      'out/etc/*',
      '../../../etc/hostname',
      '-none',
      '$(touch x)',
    ],
  });
  expect(tried.code).toBe('TESTS_FAILED');
  expect(tried.artifacts.map(({ path, bytes }) => [path, bytes])).toEqual([
    ['out/a.txt', 2],
    ['out/deep/b.bin', 3],
    ['out/sp ace/c.txt', 2],
  ]);
  expect(String(await bench.blobs.read(tried.artifacts[2]?.blob ?? ''))).toBe('c\n');
});

test('too many or too large artifacts are left out and said to be', async () => {
  const tried = await bench.attempt({
    test: 'for n in $(seq 300); do : > f$n; done; head -c 34M /dev/zero > large',
    artifacts: ['large', 'f*'],
  });
  expect(tried.code).toBe('');
  expect(tried.artifacts).toHaveLength(199);
  expect(await tried.log('collect')).toMatch(/only the first 200[^]*"large" left out: 35651584 bytes/);
});

test('reports are found by glob, and their tests are kept', async () => {
  const tried = await bench.attempt({
    cwd: '/home/user/work',
    report: { format: 'junit', path: 'reports/**/*.xml' },
    test: `mkdir -p reports/sub
      echo '<testsuite><testcase classname="A" name="one" time="1.5"/></testsuite>' > reports/1.xml
      echo '<testsuite><testcase classname="B" name="two"><failure message="no"/></testcase></testsuite>' > reports/sub/2.xml`,
  });
  expect(tried).toMatchObject({ code: 'TESTS_FAILED', message: '1 of 2 tests did not pass: B.two' });
  expect(tried.tests).toEqual([
    { name: 'A.one', status: 'passed', seconds: 1.5 },
    { name: 'B.two', status: 'failed', message: 'no' },
  ]);
});

test('tests expected by their pytest names are found in its JUnit report', async () => {
  const cases =
    '<testcase classname="tests.test_a.TestX" name="test_y[a::b/c.py]"/><testcase classname="t" name="z"/>';
  const tried = await bench.attempt({
    report: { format: 'junit', path: 'r.xml' },
    test: `echo '<testsuite>${cases}</testsuite>' > r.xml`,
    expect: { failToPass: ['tests/test_a.py::TestX::test_y[a::b/c.py]'], passToPass: ['t.py::z', 't.z'] },
  });
  expect(tried.code).toBe('');
});

test('TAP is read from the output, whatever stands around it on standard error', async () => {
  const print = 'echo TAP version 13; echo "not ok 1 - a" >&2; echo "ok 1 - a"; echo noise; echo 1..1';
  const tried = await bench.attempt({ report: { format: 'tap' }, test: print });
  expect(tried).toMatchObject({ code: '', tests: [{ name: 'a', status: 'passed' }] });
});

test('an old report that cannot be removed is not believed', async () => {
  const tried = await bench.attempt({
    report: { format: 'junit', path: 'out/r.xml' },
    build: `mkdir out; echo '<testsuite><testcase name="a"/></testsuite>' > out/r.xml; chmod 555 out`,
    test: 'true',
  });
  expect(tried.code).not.toBe('');
});
