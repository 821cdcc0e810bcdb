import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FormatName } from '../../../../src/intake/formats/formats.ts';
import { openBench, type Bench } from '../../../evaluation/try-spec.ts';
import { readFormat } from '../read-format.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const instances = 'instances.jsonl';
const templates = 'templates.json';

test.each<[FormatName, string]>([
  ['swebench-pro', 'predictions.json'],
  ['swe-smith', 'predictions.jsonl'],
  ['r2e-gym', 'predictions.jsonl'],
  ['multi-swe-bench', 'predictions.jsonl'],
])('%s: run for real, the good submission passes and the wrong one fails', async (format, predictions) => {
  const { specs, bad } = await readFormat(format, { instances, predictions, templates });
  expect(bad).toEqual([]);
  expect(specs.map(({ sample }) => sample)).toEqual([0, 1]);
  const codes: string[] = [];
  for (const spec of specs) codes.push((await bench.attempt(spec)).code);
  expect(codes).toEqual(['', 'TESTS_FAILED']);
});

test.each<FormatName>(['swebench-pro', 'swe-smith', 'multi-swe-bench'])(
  '%s: run for real, gold passes',
  async (format) => {
    const { specs } = await readFormat(format, { instances, templates, gold: true });
    expect((await bench.attempt(specs[0] ?? {})).code).toBe('');
  },
);

test('SWE-smith’s bug is what a submission meets', async () => {
  const { specs } = await readFormat('swe-smith', { instances, templates, predictions: 'predictions.jsonl' });
  const { patch: _patch, ...untouched } = specs[0] ?? { test: 'true' };
  expect(await bench.attempt(untouched)).toMatchObject({ code: 'TESTS_FAILED', message: /test_two/ });
});

test('R2E-Gym expects what passed; what failed for its author decides nothing', async () => {
  const { specs } = await readFormat('r2e-gym', { instances, templates, predictions: 'predictions.jsonl' });
  expect(specs[0]).toMatchObject({
    id: 'example/tiny_final:0a1b2c',
    test: 'exec 2>&1\nbash run_tests.sh',
    expect: { failToPass: ['test_two', 'test_zero'] },
  });
});

test('Multi-SWE-bench’s tests that the fix brings must pass, those that passed before must still pass', async () => {
  const { specs } = await readFormat('multi-swe-bench', { instances, templates, gold: true });
  expect(specs[0]).toMatchObject({
    id: 'Example/tiny:pr-7',
    expect: { failToPass: ['tests/test_sum.py::test_two'], passToPass: ['tests/test_sum.py::test_zero'] },
  });
});

test('SWE-bench Pro: what the author runs first is set-up, its last line comes after the patch', async () => {
  const { specs } = await readFormat('swebench-pro', { instances, templates, gold: true });
  expect(specs[0]?.setup).toMatch(/\ngit reset -q --hard HEAD\ngit clean -qfd\ngit checkout -q HEAD$/);
  expect(specs[0]?.test).toBe('exec 2>&1\ngit checkout -q solution -- tests/run.sh\nbash tests/run.sh');
  expect(specs[0]).not.toHaveProperty('testPatch');
});
