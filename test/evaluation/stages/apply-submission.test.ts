import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lines, openSubmissionBench, type SubmissionBench } from './submission-repo.ts';

let bench: SubmissionBench;
beforeAll(async () => {
  bench = await openSubmissionBench();
});
afterAll(() => bench.close());

test('a patch is applied plainly', async () => {
  const patch = bench.diffOf((at) => writeFileSync(at('src.txt'), lines(21)));
  const tried = await bench.attempt({ repo: bench.repo, patch, test: 'tail -n1 src.txt; git diff --stat' });
  expect(tried).toMatchObject({
    code: '',
    tail: expect.stringMatching(/^line 20\n src.txt \| 1 \+/),
  });
});

test('a patch without its last line end is applied too', async () => {
  const patch = bench.diffOf((at) => writeFileSync(at('src.txt'), lines(21))).trimEnd();
  expect(await bench.attempt({ repo: bench.repo, patch })).toMatchObject({ code: '' });
});

test('a binary patch, a new, a renamed and a deleted file are applied', async () => {
  const patch = bench.diffOf((at) => {
    writeFileSync(at('image.bin'), Buffer.from([0, 255, 1, 254]));
    writeFileSync(at('new/sub/file.txt'), 'x');
    execFileSync('git', ['mv', 'run.sh', 'moved.sh'], { cwd: at('.') });
    rmSync(at('tests/kept.txt'));
  });
  const found = 'find . -path ./.git -prune -o -type f -print | sort; od -An -tx1 image.bin';
  const tried = await bench.attempt({ repo: bench.repo, patch, test: found });
  expect(tried.tail.split('\n')).toEqual([
    './image.bin',
    './moved.sh',
    './new/sub/file.txt',
    './src.txt',
    './tests/check.txt',
    ' 00 ff 01 fe',
  ]);
});

test('a patch against other surroundings is applied 3-way', async () => {
  const other = bench.diffOf((at) =>
    writeFileSync(at('src.txt'), lines(20).replace('line 3\n', 'line three\n')),
  );
  const tried = await bench.attempt({
    repo: bench.repo,
    setup: `sed -i 's/^line 1$/line one/' src.txt && git -c user.name=a -c user.email=a@a commit -qam x`,
    patch: other,
    test: 'sed -n 2,4p src.txt',
  });
  expect(tried).toMatchObject({ code: '', tail: 'line one\nline 2\nline three' });
  expect(await tried.log('patch')).toContain('trying 3-way');
});

test('a patch that does not apply fails with git’s own words', async () => {
  const patch = bench.diffOf((at) => writeFileSync(at('src.txt'), 'nothing alike\n'));
  const tried = await bench.attempt({
    repo: bench.repo,
    setup: 'seq 100 > src.txt && git -c user.name=a -c user.email=a@a commit -qam x',
    patch,
  });
  expect(tried).toMatchObject({ code: 'PATCH_FAILED', stage: 'patch' });
  expect(tried.message).toContain('patch failed: src.txt:1');
  expect(tried.tail).toContain('patch does not apply');
});

test.each([
  ['text that is no patch', 'hello\n'],
  ['a path out of the repo', '--- /dev/null\n+++ b/../../x\n@@ -0,0 +1 @@\n+x\n'],
  ['a path into git’s own folder', '--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+x\n'],
  ['an option as a name', '--- a/--help\n+++ b/--help\n@@ -1 +1 @@\n-x\n+y\n'],
])('%s is not applied', async (_, patch) => {
  expect(await bench.attempt({ repo: bench.repo, patch })).toMatchObject({ code: 'PATCH_FAILED' });
});

test('no file is written through a link that the patch itself makes', async () => {
  const link = bench.diffOf((at) => symlinkSync('/tmp', at('out')));
  const through = '--- /dev/null\n+++ b/out/x\n@@ -0,0 +1 @@\n+x\n';
  expect(await bench.attempt({ repo: bench.repo, patch: link + through })).toMatchObject({
    code: 'PATCH_FAILED',
  });
  const files = { 'out/x': 'x' };
  expect(await bench.attempt({ repo: bench.repo, patch: link, files })).toMatchObject({
    code: 'PATCH_FAILED',
  });
});

test.each([[{ patch: '' }], [{ patch: ' \n\t\n' }], [{ files: {} }], [{ patch: '', files: {} }]])(
  '%j changes nothing, and no sandbox is spent on it',
  async (submission) => {
    const tried = await bench.attempt({ repo: bench.repo, ...submission });
    expect(tried).toMatchObject({ code: 'EMPTY_PATCH', stage: 'patch', stages: [] });
  },
);

test('files are written over the checkout, whatever their names, and keep their modes', async () => {
  const names = [
    'plain.txt',
    'it\'s "quoted" $(touch x)',
    '-rf',
    'deep/er/\u65e5\u672c',
    'src.txt',
    'new\nline',
  ];
  const files = Object.fromEntries(
    names.map((name, n) => [name, { base64: Buffer.from(`${n}`).toString('base64') }]),
  );
  const tried = await bench.attempt({
    repo: bench.repo,
    setup: 'chmod +x src.txt; ln -s /tmp/elsewhere plain.txt',
    files,
    test: `for f in ${names.map((name) => `$'${name.replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`).join(' ')}; do cat -- "./$f"; done; test -x src.txt; test ! -e x; test ! -e /tmp/elsewhere`,
  });
  expect(tried).toMatchObject({ code: '', tail: '012345' });
});

test.each(['../x', '/etc/x', 'a/../../x', '.git/config', 'sub/.GIT/x', '.', 'a/'])(
  'the file %s does not stay where it may',
  async (path) => {
    const tried = await bench.attempt({ repo: bench.repo, files: { [path]: 'x' } });
    expect(tried).toMatchObject({ code: 'SPEC_INVALID', stages: [] });
  },
);

test('files without repo or patch cost one request and no command', async () => {
  const tried = await bench.attempt({ files: { 'a/b.py': 'x' }, test: 'cat a/b.py' });
  expect(tried).toMatchObject({ code: '', tail: 'x' });
  expect(tried.stages.map((each) => each.stage)).toEqual(['create', 'patch', 'test', 'collect', 'destroy']);
});
