import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRepo, openBench, type Bench } from './try-spec.ts';

let bench: Bench;
let repo: string;
beforeAll(async () => {
  bench = await openBench();
  repo = makeRepo(bench.folder, {
    'src.txt': lines(20),
    'tests/check.txt': 'old check\n',
    'tests/kept.txt': 'kept\n',
    'run.sh': 'echo ran\n',
  }).path;
});
afterAll(() => bench.close());

function lines(count: number): string {
  return Array.from({ length: count }, (_, n) => `line ${n}\n`).join('');
}

/** The diff that turns the repo into what `change` makes of a clone of it. */
function diffOf(change: (at: (path: string) => string) => void): string {
  const clone = mkdtempSync(join(bench.folder, 'clone-'));
  execFileSync('git', ['clone', '-q', repo, clone]);
  change((path) => {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    return join(clone, path);
  });
  execFileSync('git', ['add', '-A'], { cwd: clone });
  return execFileSync('git', ['diff', '--cached', '--binary'], { cwd: clone, encoding: 'utf8' });
}

const newCheck = () => diffOf((at) => writeFileSync(at('tests/check.txt'), 'new check\n'));
const ORDER =
  'git status --porcelain; find . -path ./.git -prune -o -type f -print | sort; cat tests/check.txt';

test('a patch is applied plainly', async () => {
  const patch = diffOf((at) => writeFileSync(at('src.txt'), lines(21)));
  const tried = await bench.attempt({ repo, patch, test: 'tail -n1 src.txt; git diff --stat' });
  expect(tried).toMatchObject({
    code: '',
    tail: expect.stringMatching(/^line 20\n src.txt \| 1 \+/) as string,
  });
});

test('a patch without its last line end is applied too', async () => {
  const patch = diffOf((at) => writeFileSync(at('src.txt'), lines(21))).trimEnd();
  expect(await bench.attempt({ repo, patch })).toMatchObject({ code: '' });
});

test('a binary patch, a new, a renamed and a deleted file are applied', async () => {
  const patch = diffOf((at) => {
    writeFileSync(at('image.bin'), Buffer.from([0, 255, 1, 254]));
    writeFileSync(at('new/sub/file.txt'), 'x');
    execFileSync('git', ['mv', 'run.sh', 'moved.sh'], { cwd: at('.') });
    rmSync(at('tests/kept.txt'));
  });
  const found = 'find . -path ./.git -prune -o -type f -print | sort; od -An -tx1 image.bin';
  const tried = await bench.attempt({ repo, patch, test: found });
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
  const other = diffOf((at) => writeFileSync(at('src.txt'), lines(20).replace('line 3\n', 'line three\n')));
  const tried = await bench.attempt({
    repo,
    setup: `sed -i 's/^line 1$/line one/' src.txt && git -c user.name=a -c user.email=a@a commit -qam x`,
    patch: other,
    test: 'sed -n 2,4p src.txt',
  });
  expect(tried).toMatchObject({ code: '', tail: 'line one\nline 2\nline three' });
  expect(await tried.log('patch')).toContain('trying 3-way');
});

test('a patch that does not apply fails with git’s own words', async () => {
  const patch = diffOf((at) => writeFileSync(at('src.txt'), 'nothing alike\n'));
  const tried = await bench.attempt({
    repo,
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
  expect(await bench.attempt({ repo, patch })).toMatchObject({ code: 'PATCH_FAILED' });
});

test('no file is written through a link that the patch itself makes', async () => {
  const link = diffOf((at) => symlinkSync('/tmp', at('out')));
  const through = '--- /dev/null\n+++ b/out/x\n@@ -0,0 +1 @@\n+x\n';
  expect(await bench.attempt({ repo, patch: link + through })).toMatchObject({ code: 'PATCH_FAILED' });
  const files = { 'out/x': 'x' };
  expect(await bench.attempt({ repo, patch: link, files })).toMatchObject({ code: 'PATCH_FAILED' });
});

test.each([[{ patch: '' }], [{ patch: ' \n\t\n' }], [{ files: {} }], [{ patch: '', files: {} }]])(
  '%j changes nothing, and no sandbox is spent on it',
  async (submission) => {
    const tried = await bench.attempt({ repo, ...submission });
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
    repo,
    setup: 'chmod +x src.txt; ln -s /tmp/elsewhere plain.txt',
    files,
    test: `for f in ${names.map((name) => `$'${name.replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`).join(' ')}; do cat -- "./$f"; done; test -x src.txt; test ! -e x; test ! -e /tmp/elsewhere`,
  });
  expect(tried).toMatchObject({ code: '', tail: '012345' });
});

test.each(['../x', '/etc/x', 'a/../../x', '.git/config', 'sub/.GIT/x', '.', 'a/'])(
  'the file %s does not stay where it may',
  async (path) => {
    const tried = await bench.attempt({ repo, files: { [path]: 'x' } });
    expect(tried).toMatchObject({ code: 'SPEC_INVALID', stages: [] });
  },
);

test('the files of the test patch are first restored from the ref', async () => {
  const patch = diffOf((at) => writeFileSync(at('tests/check.txt'), 'always passes\n'));
  const tried = await bench.attempt({ repo, patch, testPatch: newCheck(), test: 'cat tests/check.txt' });
  expect(tried).toMatchObject({ code: '', tail: 'new check' });
});

test.each<[string, (at: (path: string) => string) => void]>([
  ['deletes them', (at) => rmSync(at('tests'), { recursive: true })],
  ['moves them', (at) => execFileSync('git', ['mv', 'tests', 'gone'], { cwd: at('.') })],
  [
    'puts a link in place of their folder',
    (at) => {
      rmSync(at('tests'), { recursive: true });
      symlinkSync('/tmp', at('tests'));
    },
  ],
  [
    'puts a link in their place',
    (at) => {
      rmSync(at('tests/check.txt'));
      symlinkSync('../src.txt', at('tests/check.txt'));
    },
  ],
  [
    'puts a folder in their place',
    (at) => {
      rmSync(at('tests/check.txt'));
      writeFileSync(at('tests/check.txt/x'), 'x');
    },
  ],
  [
    'puts a file in place of their folder',
    (at) => {
      rmSync(at('tests'), { recursive: true });
      writeFileSync(at('tests'), 'x');
    },
  ],
])('a submission that %s meets the author’s tests all the same', async (_, change) => {
  const tried = await bench.attempt({
    repo,
    patch: diffOf(change),
    testPatch: newCheck(),
    test: 'cat tests/check.txt; cmp src.txt src.txt; test ! -L tests/check.txt; test ! -e /tmp/check.txt',
  });
  expect(tried).toMatchObject({ code: '', tail: 'new check' });
});

test.each([
  ['convert', '.gitattributes', '* text eol=crlf working-tree-encoding=UTF-16LE'],
  ['ignore', '.gitignore', '*'],
])('a submission that has git %s them meets the author’s tests all the same', async (_, name, text) => {
  const patch = `--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+${text}\n`;
  const tried = await bench.attempt({ repo, patch, testPatch: newCheck(), test: 'cat tests/check.txt' });
  expect(tried).toMatchObject({ code: '', tail: 'new check' });
});

test('a test patch that adds, renames and deletes is applied over what the submission left there', async () => {
  const testPatch = diffOf((at) => {
    writeFileSync(at('tests/added.txt'), 'author\n');
    execFileSync('git', ['mv', 'tests/check.txt', 'tests/renamed.txt'], { cwd: at('.') });
    rmSync(at('tests/kept.txt'));
  });
  const patch = diffOf((at) => {
    for (const name of ['added', 'renamed', 'check', 'kept'])
      writeFileSync(at(`tests/${name}.txt`), 'candidate\n');
  });
  const tried = await bench.attempt({ repo, patch, testPatch, test: 'cd tests; ls; cat *' });
  expect(tried.tail.split('\n')).toEqual(['added.txt', 'renamed.txt', 'author', 'old check']);
});

test('a test patch that does not apply to the ref is the author’s fault, whatever the submission did', async () => {
  const testPatch = newCheck().replace('-old check', '-another check');
  const tried = await bench.attempt({
    repo,
    patch: diffOf((at) => rmSync(at('tests/check.txt'))),
    testPatch,
  });
  expect(tried).toMatchObject({ code: 'TEST_PATCH_FAILED', stage: 'patch' });
  expect(tried.message).toContain('patch failed: tests/check.txt');
});

test('without a repo, patches are applied to what the template holds', async () => {
  const setup = 'printf "a\\n" > a.txt; mkdir tests; printf "old check\\n" > tests/check.txt';
  const patch = '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n';
  const cheat = '--- a/tests/check.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-old check\n';
  const tried = await bench.attempt({
    setup,
    patch: patch + cheat,
    testPatch: newCheck(),
    test: 'cat a.txt; find . -type f | sort; cat tests/check.txt',
  });
  expect(tried.tail.split('\n')).toEqual(['b', './a.txt', './tests/check.txt', 'new check']);
});

test('files without repo or patch cost one request and no command', async () => {
  const tried = await bench.attempt({ files: { 'a/b.py': 'x' }, test: 'cat a/b.py' });
  expect(tried).toMatchObject({ code: '', tail: 'x' });
  expect(tried.stages.map((each) => each.stage)).toEqual(['create', 'patch', 'test', 'collect', 'destroy']);
});
