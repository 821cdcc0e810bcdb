import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SpecInput } from '../../../../src/spec.ts';
import { write } from '../../items.ts';
import { fixture, readFormat } from '../read-format.ts';
import { noPython, runCheck } from './run-check.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-python-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function reports(specs: readonly SpecInput[]): Promise<string[]> {
  const lines: string[] = [];
  for (const spec of specs) {
    const { report } = await runCheck(spec);
    lines.push(report.trim().split('\n').slice(2).join(', '));
  }
  return lines;
}

test.skipIf(noPython)(
  'EvalPlus: base and plus are tests of their own, programs and completions are samples',
  async () => {
    const { specs, bad } = await readFormat('evalplus', {
      problems: 'problems.jsonl',
      input: 'samples.jsonl',
    });
    expect(bad).toEqual(['samples.jsonl:4: solution: is required, or `completion`']);
    expect(await reports(specs)).toEqual([
      'ok 1 - base, ok 2 - plus',
      'ok 1 - base, not ok 2 - plus',
      'ok 1 - base, ok 2 - plus',
    ]);
  },
);

test.skipIf(noPython)('EvalPlus: the problems’ own solutions pass', async () => {
  const { specs } = await readFormat('evalplus', { problems: 'problems.jsonl', gold: true });
  expect(await reports(specs)).toEqual(['ok 1 - base, ok 2 - plus', 'ok 1 - base, ok 2 - plus']);
});

test('EvalPlus: a folder of solutions is read in the order of their numbers', async () => {
  const { items, specs } = await readFormat('evalplus', { problems: 'problems.jsonl', input: 'solutions' });
  const solutions = fixture('evalplus', 'solutions');
  expect(items).toMatchObject(
    ['Made_0/0.py', 'Made_0/2.py', 'Made_0/10.py', 'Made_1/0.py'].map((file) => ({
      candidate: { source: `${solutions}/${file}` },
    })),
  );
  expect(specs.map(({ id, sample }) => `${id} ${sample}`)).toEqual([
    'Made/0 0',
    'Made/0 1',
    'Made/0 2',
    'Made/1 0',
  ]);
});

test.skipIf(noPython)('bigcode: the n-th list answers the n-th problem', async () => {
  const { specs, bad } = await readFormat('bigcode', {
    problems: 'problems.jsonl',
    input: 'generations.json',
  });
  expect(specs.map(({ id, sample }) => `${id} ${sample}`)).toEqual(['Made/0 0', 'Made/0 1', 'Made/1 0']);
  expect(await reports(specs)).toEqual(['ok 1 - check', 'not ok 1 - check', 'ok 1 - check']);
  expect(bad).toEqual(['generations.json:7: expected 2 lists at most, as many as there are problems']);
});

test.skipIf(noPython)(
  'LiveCodeBench: programs are compared by what they print, functions by what they return',
  async () => {
    const { specs } = await readFormat('livecodebench', {
      problems: 'questions.jsonl',
      input: 'answers.json',
    });
    expect(specs.map(({ id, sample }) => `${id} ${sample}`)).toEqual([
      'sum 0',
      'sum 1',
      'sum 2',
      'pairs 0',
      'pairs 1',
    ]);
    expect(await reports(specs)).toEqual([
      'ok 1 - public 1, ok 2 - private 1',
      'ok 1 - public 1, not ok 2 - private 1',
      'not ok 1 - public 1, not ok 2 - private 1',
      'ok 1 - public 1',
      'not ok 1 - public 1',
    ]);
  },
);

test('LiveCodeBench: tests in a pickle are refused, with how to make them readable', async () => {
  const { bad } = await readFormat('livecodebench', { problems: 'questions.jsonl', input: 'answers.json' });
  expect(bad).toEqual([
    expect.stringMatching(
      /^answers\.json:\d+\[0\]: question_id: private_test_cases is no JSON .* pickle\.loads\(/,
    ),
  ]);
});

const REPORT = 'TAP version 13\\n1..2\\nok 1 - public 1\\nok 2 - private 1\\n';

test.skipIf(noPython).each([
  ['ends before it has answered', 'import os\nos._exit(0)\n'],
  ['prints what a pass reports', `print("${REPORT}")\n`],
  [
    'writes reports wherever it can',
    `import glob\nfor n in ("report.tap", *glob.glob("*")):\n    open(n, "w").write("${REPORT}")\n`,
  ],
  ['kills whoever started it', 'import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n'],
])('LiveCodeBench: a program that %s does not pass', async (_, program) => {
  const input = write(
    join(folder, 'cheat.json'),
    JSON.stringify([{ question_id: 'sum', code_list: [program] }]),
  );
  const { specs } = await readFormat('livecodebench', { problems: 'questions.jsonl', input });
  expect((await reports(specs))[0]).not.toMatch(/^ok|, ok/);
});
