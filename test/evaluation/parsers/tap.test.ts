import { expect, test } from 'vitest';
import { noTests } from '../../../src/evaluation/parsers/reported.ts';
import { readTap } from '../../../src/evaluation/parsers/tap.ts';

async function read(tap: string) {
  const into = noTests();
  await readTap(tap, into);
  return into.tests;
}

test('points, directives and subtests are read', async () => {
  const tests = await read(`TAP version 13
some output of the program
# Subtest: outer
    # Subtest: inner
    ok 1 - inner
      ---
      duration_ms: 1.5
      ...
    not ok 2 - broken
    1..2
not ok 1 - outer
ok 2 - later # SKIP not here
not ok 3 - some day # TODO
ok 4
1..4
`);
  expect(tests.map(({ name, status }) => [name, status])).toEqual([
    ['outer > inner', 'passed'],
    ['outer > broken', 'failed'],
    ['outer', 'failed'],
    ['later', 'skipped'],
    ['some day', 'skipped'],
    ['4', 'passed'],
  ]);
});

test.each([
  ['without a plan', 'ok 1 - a\n'],
  ['with too few tests', '1..2\nok 1 - a\n'],
  ['with too many tests', '1..1\nok 1 - a\nok 2 - b\n'],
  ['that bails out', '1..2\nok 1 - a\nBail out! no database\n'],
])('TAP %s is not whole', async (_, tap) => {
  await expect(read(tap)).rejects.toMatchObject({ name: 'UnreadableReport' });
});

test('TAP that skips all, or plain text, holds no test', async () => {
  expect(await read('1..0 # skip nothing to do\n')).toEqual([]);
  expect(await read('hello\nworld\n')).toEqual([]);
});

test.each([
  [
    'a YAML bomb',
    `1..1\nok 1 - a\n  ---\n  a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 20 }, (_, n) => `  b${n}: &b${n} [${`*${n === 0 ? 'a' : `b${n - 1}`},`.repeat(9)}]`).join('\n')}\n  ...\n`,
  ],
  [
    'deep subtests',
    Array.from({ length: 200 }, (_, n) => `${'    '.repeat(n)}# Subtest: a\n`).join('') +
      `${'    '.repeat(200)}ok 1\n`,
  ],
  ['one endless line', `ok ${'#'.repeat(300_000)}\n1..1\n`],
  ['one endless name', `ok 1 - ${'\\'.repeat(300_000)}\n1..1\n`],
  ['megabytes of blanks on one line', ' '.repeat(4_000_000)],
  ['a huge plan', '1..99999999999\nok 1\n'],
  ['a huge number', 'ok 99999999999999999999 - a\n1..1\n'],
  ['braces', `ok 1 - a {\n`.repeat(2000)],
])('%s ends in tests or in a clear refusal', async (_, tap) => {
  const ended = await read(tap).then(
    () => 'read',
    (error: Error) => error.name,
  );
  expect(['read', 'UnreadableReport']).toContain(ended);
});
