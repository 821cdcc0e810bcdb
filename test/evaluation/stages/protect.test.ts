import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSubmissionBench, type SubmissionBench } from './submission-repo.ts';

let bench: SubmissionBench;
beforeAll(async () => {
  bench = await openSubmissionBench();
});
afterAll(() => bench.close());

const LOOK =
  '{ find tests run.sh x.sh conftest.py -type f 2>/dev/null || :; } | sort; cat tests/check.txt run.sh; test ! -L tests';
const UNTOUCHED = ['run.sh', 'tests/check.txt', 'tests/kept.txt', 'old check', 'echo ran'];
const PROTECT = ['tests', '*.sh', '**/conftest.py'];

const CHANGES: Array<[string, string, (at: (path: string) => string) => void]> = [
  [
    'changes them',
    'echo x > tests/check.txt; echo x > run.sh',
    (at) => writeFileSync(at('tests/check.txt'), 'x\n'),
  ],
  ['deletes them', 'rm -rf tests run.sh', (at) => rmSync(at('tests'), { recursive: true })],
  [
    'adds to them',
    'mkdir -p tests/a; echo > tests/a/b; echo > x.sh; ln -s run.sh y.sh; echo > conftest.py; rm y.sh',
    (at) => {
      mkdirSync(at('tests/a'));
      writeFileSync(at('tests/a/b'), 'x\n');
      writeFileSync(at('conftest.py'), 'x\n');
    },
  ],
  [
    'puts a link in place of their folder',
    'mkdir -p other; echo x > other/check.txt; rm -rf tests; ln -s other tests',
    (at) => {
      rmSync(at('tests'), { recursive: true });
      writeFileSync(at('other/check.txt'), 'x\n');
      symlinkSync('other', at('tests'));
    },
  ],
  [
    'puts a folder in place of a file',
    'rm tests/check.txt; mkdir -p tests/check.txt/deep; echo > tests/check.txt/deep/x',
    (at) => {
      rmSync(at('tests/check.txt'));
      mkdirSync(at('tests/check.txt'));
      writeFileSync(at('tests/check.txt/x'), 'x\n');
    },
  ],
];

test.each(CHANGES)('a submission that %s meets protected files as they were', async (_, __, change) => {
  const patch = bench.diffOf(change);
  const tried = await bench.attempt({ repo: bench.repo, patch, protect: PROTECT, test: LOOK });
  expect(tried).toMatchObject({ code: '', tail: UNTOUCHED.join('\n') });
});

test.each(CHANGES)('a build that %s leaves the tests protected files as they were', async (_, build) => {
  const tried = await bench.attempt({
    repo: bench.repo,
    files: { a: 'a' },
    build,
    protect: PROTECT,
    test: LOOK,
  });
  expect(tried).toMatchObject({ code: '', tail: UNTOUCHED.join('\n') });
});

test('what the author adds by a test patch to a protected folder stays, also after a build', async () => {
  const tried = await bench.attempt({
    repo: bench.repo,
    patch: bench.diffOf((at) => writeFileSync(at('tests/check.txt'), 'x\n')),
    testPatch: bench.newCheck(),
    build: 'echo x > tests/check.txt; rm -rf tests/kept.txt',
    protect: ['tests/**'],
    test: 'ls tests; cat tests/*',
  });
  expect(tried).toMatchObject({ code: '', tail: 'check.txt\nkept.txt\nnew check\nkept' });
});

test('what the test patch brought or took away is so after the build too, without any protect', async () => {
  const testPatch = bench.diffOf((at) => {
    writeFileSync(at('tests/check.txt'), 'new check\n');
    rmSync(at('tests/kept.txt'));
  });
  const tried = await bench.attempt({
    repo: bench.repo,
    files: { a: 'a' },
    testPatch,
    build: 'echo x > tests/check.txt; echo x > tests/kept.txt',
    test: 'ls tests; cat tests/*',
  });
  expect(tried).toMatchObject({ code: '', tail: 'check.txt\nnew check' });
});

test('without git, and with names that a shell would take apart, files are protected as set-up left them', async () => {
  const tried = await bench.attempt({
    setup: `mkdir -p "t t/\\$(touch x)"; echo one > "t t/\\$(touch x)/-n 'a'"; echo one > /tmp/outside`,
    files: { "t t/$(touch x)/-n 'a'": 'two\n', b: 'b' },
    build: `echo two > /tmp/outside; rm -rf 't t'`,
    protect: ['t t', '/tmp/outside'],
    test: `cat "t t/\\$(touch x)/-n 'a'" /tmp/outside; ls`,
  });
  expect(tried).toMatchObject({ code: '', tail: 'one\none\nb\nt t' });
});

test('what set-up left running goes on, what the build left running is ended', async () => {
  const tried = await bench.attempt({
    files: { a: 'a' },
    setup: 'nohup sleep 1001 >/dev/null 2>&1 &',
    build: 'nohup setsid sleep 1002 >/dev/null 2>&1 & nohup sleep 1003 > /dev/null 2>&1 &',
    test: 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -o "sleep [1]00."',
  });
  expect(tried).toMatchObject({ code: '', tail: 'sleep 1001' });
});

test('tests have the profile that set-up wrote, and nothing of one that the build wrote', async () => {
  const tried = await bench.attempt({
    files: { a: 'a' },
    setup: 'echo "A=set-up; test() { echo function; }" > ~/.profile',
    build: 'echo "A=build; trap \\"exit 0\\" EXIT" | tee ~/.bash_profile ~/.bashrc > ~/.profile',
    test: 'echo "$A $HOME $evalpool_mark$processes"; [ "$(test)" = function ]; ls -A ~; exit 3',
  });
  expect(tried).toMatchObject({
    code: 'TESTS_FAILED',
    tail: 'set-up /home/user\n.profile\nrepo',
    exitCode: 3,
  });
});

test('a build that puts another folder behind the repo’s name is no pass', async () => {
  const tried = await bench.attempt({
    repo: bench.repo,
    files: { a: 'a' },
    build: 'cd ..; cp -r repo other; echo true > other/run.sh; rm -rf repo; ln -s other repo',
    test: 'bash run.sh',
  });
  expect(tried).toMatchObject({ code: 'NO_TESTS' });
  expect(tried.tail).toContain('the build put something else in place of /home/user/repo');
});
