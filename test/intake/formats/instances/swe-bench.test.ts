import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBench, type Bench } from '../../../evaluation/try-spec.ts';
import { readFormat } from '../read-format.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const files = { instances: 'instances.jsonl', predictions: 'predictions.jsonl', templates: 'templates.json' };

test('predictions become samples of their instance, with the model as a label', async () => {
  const { specs } = await readFormat('swebench', files);
  expect(specs.map(({ id, sample, labels }) => [id, sample, labels?.['model']])).toEqual([
    ['example__tiny-1', 0, 'org/one'],
    ['example__tiny-1', 1, 'org/two'],
    ['example__tiny-2', 0, 'org/one'],
    ['example__tiny-2', 1, 'org/one'],
    ['example__tiny-1', 2, 'org/one'],
    ['example__tiny-2', 2, 'org/one'],
  ]);
});

test('a row of harness 5 brings its script, its parser and its expectations', async () => {
  const { specs } = await readFormat('swebench', { ...files, gold: true, predictions: undefined });
  expect(specs[0]).toMatchObject({
    repoDir: '/home/user/code',
    shell: 'bash',
    report: { format: 'pytest', between: ['>>>>> Start Test Output', '>>>>> End Test Output'] },
    expect: {
      failToPass: ['tests/test_sum.py::test_two'],
      passToPass: '["tests/test_sum.py::test_zero"]',
    },
    timeouts: { test: 1800 },
    labels: { dataset: 'swebench', repo: 'example/tiny', model: 'gold' },
  });
  expect(specs[0]).not.toHaveProperty('repo');
  expect(specs[0]).not.toHaveProperty('testPatch'); // its script applies it
  expect(specs[1]).toMatchObject({ test: 'exec 2>&1\nbash tests/run.sh', testPatch: /test_two/ });
});

test('fail_only: a test that the output does not name has passed', async () => {
  const { specs } = await readFormat('swebench', { ...files, instances: 'fail-only.jsonl' });
  expect(specs[0]?.expect).toMatchObject({
    missing: 'passed',
    passToPass: ['tests/test_sum.py::test_quiet'],
  });
  expect((await bench.attempt(specs[0] ?? {})).code).toBe('');
  expect((await bench.attempt(specs[1] ?? {})).code).toBe('TESTS_FAILED');
});

test('without a folder in the template the code comes from GitHub, at the base commit', async () => {
  const templates = 'catch-all.json';
  const { specs } = await readFormat('swebench', { ...files, templates, testCmd: 'pytest -rA {tests}' });
  expect(specs[0]).toMatchObject({
    repo: 'https://github.com/example/tiny',
    ref: '0'.repeat(40),
    template: 'python-3.12',
  });
});

test('what cannot be evaluated is told with file, line and field', async () => {
  const { bad, said } = await readFormat('swebench', files);
  expect(bad).toEqual([
    'predictions.jsonl:7: instance_id: expected an instance of the data set, there was "example__tiny-9"',
    'predictions.jsonl:8: model_patch: is required: text or null',
    'predictions.jsonl:9: image: no template covers image "example/sweb.eval.x86_64.other:latest"; add it to the table of --templates',
  ]);
  expect(said).toEqual([
    expect.stringMatching(/^1 of 4 instances have no template: .* add \{"image": "…", "template": "…"\}/),
    '  1 × example/sweb.eval.x86_64.other:latest (first: instances.jsonl:4)',
    '1 of 4 instances were not submitted and are not evaluated: example__tiny-3',
    '2 predictions are empty patches: they count as failed (EMPTY_PATCH)',
  ]);
});

test('a log parser that cannot be read is told, with those that can', async () => {
  const { bad } = await readFormat('swebench', { ...files, predictions: undefined, gold: true });
  expect(bad[0]).toMatch(
    /^instances\.jsonl:3: log_parser: cannot be read: "parse_log_sympy" \(known: .*django.*pytest/,
  );
});

test('a JSON list and an object keyed by instance are predictions, too', async () => {
  const list = await readFormat('swebench', { ...files, predictions: 'predictions.json' });
  const keyed = await readFormat('swebench', { ...files, predictions: 'keyed.json' });
  expect(list.items).toMatchObject([
    { candidate: { source: expect.stringMatching(/predictions\.json:2$/) } },
    { candidate: { source: expect.stringMatching(/predictions\.json:7$/) } },
  ]);
  expect(keyed.specs.map(({ id, patch }) => [id, patch === ''])).toEqual([
    ['example__tiny-1', false],
    ['example__tiny-2', true],
  ]);
});

test('run for real, good patches pass, and wrong and empty ones fail', async () => {
  const { specs } = await readFormat('swebench', files);
  const codes: string[] = [];
  for (const spec of specs) codes.push((await bench.attempt(spec)).code);
  expect(codes).toEqual(['', 'TESTS_FAILED', '', 'TESTS_FAILED', 'EMPTY_PATCH', 'EMPTY_PATCH']);
});

test('a script too long for a command is packed, and runs all the same', async () => {
  const { specs } = await readFormat('swebench', { ...files, instances: 'long.jsonl' });
  expect(String(specs[0]?.test).length).toBeLessThan(30_000);
  expect((await bench.attempt(specs[0] ?? {})).code).toBe('');
  expect((await bench.attempt(specs[1] ?? {})).code).toBe('TESTS_FAILED');
});
