import { afterAll, expect, test } from 'vitest';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import { failure, rowsOf, textOf, writeRun } from './a-run.ts';

const written = writeRun([
  { id: 'T/1', sample: 1, outcome: 'timed_out', failure: failure('TEST_TIMED_OUT', 'test', 'too slow') },
  { id: 'T/1', sample: 0, outcome: 'passed' },
  { id: 'T/0', outcome: 'failed', failure: failure('TESTS_FAILED', 'test', 'assert 1 == 2') },
  { id: 'T/0', sample: 1, outcome: 'infra_error', failure: failure('CREATE_FAILED', 'create', 'no room') },
]);
afterAll(() => written.remove());

const SAMPLES = [
  { task_id: 'T/0', completion: 'a', temperature: 0.2 },
  { task_id: 'T/1', completion: 'b' },
  { task_id: 'T/0', completion: 'c' },
  { task_id: 'T/1', solution: 'd' },
  { task_id: 'T/2', completion: 'e' },
];
const samples = rowsOf(SAMPLES);

test('HumanEval results are the samples in their order, and what has no verdict is neither passed nor failed', async () => {
  const text = await textOf(FORMATS['humaneval'], await written.open(), { samples });
  const lines: unknown[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { ...SAMPLES[0], result: 'failed: assert 1 == 2', passed: false },
    { ...SAMPLES[1], result: 'passed', passed: true },
    { ...SAMPLES[2], result: 'not evaluated: infra_error: no room', passed: null },
    { ...SAMPLES[3], result: 'timed out', passed: false },
    { ...SAMPLES[4], result: 'not evaluated: missing: it has no result', passed: null },
  ]);
});

test('EvalPlus results are grouped by task, and pass@k is told where every task has a verdict', async () => {
  const entry = { plus_status: null, base_fail_tests: [], plus_fail_tests: [] };
  const all: unknown = JSON.parse(await textOf(FORMATS['evalplus'], await written.open(), { samples }));
  expect(all).toMatchObject({
    hash: '',
    eval: {
      'T/0': [
        { ...entry, task_id: 'T/0', solution: 'a', base_status: 'fail' },
        { ...entry, solution: 'c', base_status: null },
      ],
      'T/1': [
        { ...entry, solution: 'b', base_status: 'pass' },
        { ...entry, solution: 'd', base_status: 'timeout' },
      ],
      'T/2': [{ ...entry, solution: 'e', base_status: null }],
    },
    pass_at_k: { base: {} },
  });
  const graded = rowsOf(SAMPLES.slice(0, 4));
  const some: unknown = JSON.parse(
    await textOf(FORMATS['evalplus'], await written.open(), { samples: graded }),
  );
  expect(some).toMatchObject({ pass_at_k: { base: { 'pass@1': 0.25 } } });
});

test('Inspect gets a score by id and epoch for each verdict, and none for what has no verdict', async () => {
  const text = await textOf(FORMATS['inspect'], await written.open());
  const scores: unknown[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(scores).toMatchObject([
    { id: 'T/1', epoch: 2, value: 0, explanation: 'too slow', metadata: { outcome: 'timed_out' } },
    { id: 'T/1', epoch: 1, value: 1 },
    { id: 'T/0', epoch: 1, value: 0, metadata: { code: 'TESTS_FAILED' } },
  ]);
});

const tests = (base: string, plus: string): object[] => [
  { name: 'base', status: base },
  { name: 'plus', status: plus },
];

test('with the tests of EvalPlus, base and plus are told apart', async () => {
  const run = writeRun([
    { id: 'T/0', outcome: 'passed', tests: tests('passed', 'passed') },
    { id: 'T/0', sample: 1, outcome: 'failed', tests: tests('passed', 'failed') },
    { id: 'T/1', outcome: 'timed_out' },
    { id: 'T/1', sample: 1, outcome: 'failed', tests: tests('failed', 'passed') },
  ]);
  try {
    const wishes = { samples: rowsOf(SAMPLES.slice(0, 4)) };
    expect(JSON.parse(await textOf(FORMATS['evalplus'], await run.open(), wishes))).toMatchObject({
      eval: {
        'T/0': [
          { base_status: 'pass', plus_status: 'pass' },
          { base_status: 'pass', plus_status: 'fail' },
        ],
        'T/1': [
          { base_status: 'timeout', plus_status: 'timeout' },
          { base_status: 'fail', plus_status: 'pass' },
        ],
      },
      pass_at_k: { base: { 'pass@1': 0.5 }, plus: { 'pass@1': 0.25 } },
    });
  } finally {
    run.remove();
  }
});

test('a sample that cannot be read is nobodys, and a file without any is refused', async () => {
  const some = rowsOf([SAMPLES[0], { task: 1 }]);
  expect(
    (await textOf(FORMATS['humaneval'], await written.open(), { samples: some })).split('\n'),
  ).toHaveLength(2);
  const none = rowsOf([{ task: 1 }]);
  await expect(textOf(FORMATS['humaneval'], await written.open(), { samples: none })).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: '--samples: expected entries with task_id, there was s.jsonl:1',
  });
});
