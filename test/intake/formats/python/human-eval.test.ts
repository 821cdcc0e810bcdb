import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Item } from '../../../../src/intake/read-specs.ts';
import type { SpecInput } from '../../../../src/spec.ts';
import { brief, write } from '../../items.ts';
import { readFormat } from '../read-format.ts';
import { noPython, runCheck } from './run-check.ts';

const problems = [
  {
    task_id: 'Made/0',
    prompt:
      'from typing import List\n\n\ndef double(numbers: List[int]) -> List[int]:\n    """ Twice each. """\n',
    entry_point: 'double',
    canonical_solution: '    return [2 * n for n in numbers]\n',
    test: 'def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n    assert candidate([]) == []\n',
  },
  {
    task_id: 'Made/1',
    prompt: 'def shift(s):\n    return s[1:] + s[:1]\n\n\ndef unshift(s: str):\n    """ Undoes shift. """\n',
    entry_point: 'unshift',
    canonical_solution: '    return s[-1:] + s[:-1]\n',
    test: 'def check(candidate):\n    assert candidate(shift("abc")) == "abc"\n    assert unshift("bca") == "abc"\n',
  },
];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-humaneval-'));
  chmodSync(folder, 0o711);
  write(join(folder, 'problems.jsonl'), problems.map((one) => JSON.stringify(one)).join('\n'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(samples: object[] | undefined): Promise<Item[]> {
  const lines = samples?.map((sample) => JSON.stringify(sample)).join('\n');
  const { items } = await readFormat('humaneval', {
    problems: join(folder, 'problems.jsonl'),
    input: lines === undefined ? undefined : write(join(folder, 'samples.jsonl'), lines),
    gold: samples === undefined,
  });
  return items;
}

const answer = (completion: string): object[] => [
  { task_id: 'Made/0', completion },
  { task_id: 'Made/1', completion: problems[1]?.canonical_solution },
];

const check = (item: Item | undefined): ReturnType<typeof runCheck> => runCheck(specOf(item));

function hashes(items: readonly Item[]): string[] {
  return items.map((item) => ('candidate' in item ? item.candidate.contentHash : ''));
}

function specOf(item: Item | undefined): SpecInput {
  if (!item || !('candidate' in item)) throw new Error(`no spec: ${JSON.stringify(item)}`);
  return item.candidate.spec;
}

test('samples get numbers in their order, and each its own nonce', async () => {
  const items = await read([...answer('    pass\n'), ...answer('    pass\n')]);
  expect(items.map(specOf).map(({ id, sample }) => [id, sample])).toEqual([
    ['Made/0', 0],
    ['Made/1', 0],
    ['Made/0', 1],
    ['Made/1', 1],
  ]);
  expect(new Set(items.map((item) => specOf(item).report?.path)).size).toBe(4);
});

test('the same samples read again are the same specs, other samples are others', async () => {
  const first = hashes(await read(answer('    pass\n')));
  expect(hashes(await read(answer('    pass\n')))).toEqual(first);
  expect(hashes(await read(answer('    pass  #\n')))[0]).not.toBe(first[0]);
});

test('unknown tasks, bad lines and problems without samples are told with file and line', async () => {
  const told = brief(await read([{ task_id: 'Made/7', completion: '' }, { task_id: 'Made/1' }]), folder);
  expect(told).toEqual([
    'samples.jsonl:1: task_id: expected a task_id of the problems file, there was "Made/7"',
    'samples.jsonl:2: completion: is required: text',
    'problems.jsonl:1: Made/0: no sample answers this problem',
    'problems.jsonl:2: Made/1: no sample answers this problem',
  ]);
});

test('problems that cannot be read whole are an error', async () => {
  write(join(folder, 'problems.jsonl'), '{"task_id": "x"}');
  await expect(read(undefined)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
});

test.skipIf(noPython)("the problems' own solutions pass", async () => {
  for (const item of await read(undefined)) {
    expect(await check(item)).toMatchObject({ status: 0, report: 'TAP version 13\n1..1\nok 1 - check\n' });
  }
});

test.skipIf(noPython).each([
  ['a wrong answer', '    return None\n'],
  ['an early end of the process', '    import os\n    os._exit(0)\n'],
  ['an early end while loading', '    pass\nimport os\nos._exit(0)\n'],
  ['SystemExit', '    raise SystemExit(0)\n'],
  ['no Python at all', '    return ]\n'],
  ['an exception', '    raise ValueError("x")\n'],
  [
    'printing what a pass prints',
    '    print("TAP version 13\\n1..1\\nok 1 - check")\n    import os\n    os._exit(0)\n',
  ],
  [
    'an object equal to everything',
    '    class Any(list):\n        __eq__ = lambda a, b: True\n    return Any()\n',
  ],
  ['a value that is no plain data', '    return (2 * n for n in numbers)\n'],
  [
    'an answer of its own on the pipe',
    '    import os\n    for fd in range(3, 20):\n        try: os.write(fd, b"{}\\n" * 9)\n        except OSError: pass\n    os._exit(0)\n',
  ],
])('%s does not pass, and is reported', async (_, completion) => {
  const [item] = await read(answer(completion));
  const { status, report } = await check(item);
  expect(status).toBe(1);
  expect(report).toBe('TAP version 13\n1..1\nnot ok 1 - check\n');
});

test.skipIf(noPython)('killing the checker leaves no report', async () => {
  const [item] = await read(answer('    import os\n    os.kill(os.getppid(), 9)\n    return numbers\n'));
  expect(await check(item)).toMatchObject({ report: 'no report' });
});

test.skipIf(noPython)('neither the nonce nor the tests are within reach of the candidate', async () => {
  const snoop = [
    '    import glob, os',
    '    seen = [open(p, errors="replace").read() for p in glob.glob("*")]',
    '    seen += [open(f"/proc/self/{name}", errors="replace").read() for name in ("cmdline", "environ")]',
    '    print(sorted(glob.glob("*")), "candidate([1, 2])" in "".join(seen))',
    '    for name in ("environ", "mem", "maps", "fd/3"):',
    '        try: open(f"/proc/{os.getppid()}/{name}"); print("open", name)',
    '        except PermissionError: pass',
    '    return [2 * n for n in numbers]',
  ].join('\n');
  const [item] = await read(answer(`${snoop}\n`));
  const nonce = /report-(.*)\.tap/.exec(specOf(item).report?.path ?? '')?.[1];
  const { printed } = await check(item);
  expect(printed.split('\n')[0]).toBe("['check.py'] False");
  expect(printed).not.toContain('open');
  expect(nonce).toMatch(/^[0-9a-f]{32}$/);
});

test.skipIf(noPython)('a failed assertion is shown', async () => {
  const [item] = await read(answer('    return numbers\n'));
  expect((await check(item)).printed).toContain('assert candidate([1, 2]) == [2, 4]');
});

test.skipIf(noPython)('a program that cannot be loaded is told as that', async () => {
  const [item] = await read(answer('    return ]\n'));
  expect((await check(item)).printed).toMatch(/^SyntaxError: /m);
});
