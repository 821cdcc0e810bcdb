import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSubmissionBench, type SubmissionBench } from './submission-repo.ts';

let bench: SubmissionBench;
beforeAll(async () => {
  bench = await openSubmissionBench();
});
afterAll(() => bench.close());

test('the files of the test patch are first restored from the ref', async () => {
  const patch = bench.diffOf((at) => writeFileSync(at('tests/check.txt'), 'always passes\n'));
  const tried = await bench.attempt({
    repo: bench.repo,
    patch,
    testPatch: bench.newCheck(),
    test: 'cat tests/check.txt',
  });
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
    repo: bench.repo,
    patch: bench.diffOf(change),
    testPatch: bench.newCheck(),
    test: 'cat tests/check.txt; cmp src.txt src.txt; test ! -L tests/check.txt; test ! -e /tmp/check.txt',
  });
  expect(tried).toMatchObject({ code: '', tail: 'new check' });
});

test.each([
  ['convert', '.gitattributes', '* text eol=crlf working-tree-encoding=UTF-16LE'],
  ['ignore', '.gitignore', '*'],
])('a submission that has git %s them meets the author’s tests all the same', async (_, name, text) => {
  const patch = `--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+${text}\n`;
  const tried = await bench.attempt({
    repo: bench.repo,
    patch,
    testPatch: bench.newCheck(),
    test: 'cat tests/check.txt',
  });
  expect(tried).toMatchObject({ code: '', tail: 'new check' });
});

test('a test patch that adds, renames and deletes is applied over what the submission left there', async () => {
  const testPatch = bench.diffOf((at) => {
    writeFileSync(at('tests/added.txt'), 'author\n');
    execFileSync('git', ['mv', 'tests/check.txt', 'tests/renamed.txt'], { cwd: at('.') });
    rmSync(at('tests/kept.txt'));
  });
  const patch = bench.diffOf((at) => {
    for (const name of ['added', 'renamed', 'check', 'kept'])
      writeFileSync(at(`tests/${name}.txt`), 'candidate\n');
  });
  const tried = await bench.attempt({ repo: bench.repo, patch, testPatch, test: 'cd tests; ls; cat *' });
  expect(tried.tail.split('\n')).toEqual(['added.txt', 'renamed.txt', 'author', 'old check']);
});

test('a test patch that does not apply to the ref is the author’s fault, whatever the submission did', async () => {
  const testPatch = bench.newCheck().replace('-old check', '-another check');
  const tried = await bench.attempt({
    repo: bench.repo,
    patch: bench.diffOf((at) => rmSync(at('tests/check.txt'))),
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
    testPatch: bench.newCheck(),
    test: 'cat a.txt; find . -type f | sort; cat tests/check.txt',
  });
  expect(tried.tail.split('\n')).toEqual(['b', './a.txt', './tests/check.txt', 'new check']);
});
