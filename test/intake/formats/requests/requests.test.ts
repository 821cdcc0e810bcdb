import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBench, type Bench } from '../../../evaluation/try-spec.ts';
import { fixture, readFormat } from '../read-format.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

test('SandboxFusion: run for real, a program that ends with 0 has passed', async () => {
  const { specs, bad } = await readFormat('sandboxfusion', { input: 'requests.jsonl' });
  expect(specs.map(({ id, sample }) => [id, sample])).toEqual([
    ['greet', 0],
    ['greet', 1],
    ['request-3', 0],
  ]);
  const codes: string[] = [];
  for (const spec of specs) codes.push((await bench.attempt(spec)).code);
  expect(codes).toEqual(['', 'TESTS_FAILED', '']);
  expect(bad).toEqual([
    expect.stringMatching(/^requests\.jsonl:4: language: expected one of python, .*, there was "sql"$/),
    'requests.jsonl:5: code: is required: text',
  ]);
});

test('Piston: run for real, with arguments, standard input and files in three encodings', async () => {
  const { specs, bad } = await readFormat('piston', { input: 'requests.jsonl' });
  expect(specs.map(({ id, timeouts }) => [id, timeouts?.test])).toEqual([
    ['1', 20],
    ['2', 3],
  ]);
  expect(await bench.attempt(specs[0] ?? {})).toMatchObject({ code: '' });
  expect(await bench.attempt(specs[1] ?? {})).toMatchObject({ code: 'TESTS_FAILED', exitCode: 4 });
  expect(bad).toEqual(['requests.jsonl:3: files[0]: is required: an object']);
});

test('a table of templates is asked for the language', async () => {
  const templates = fixture('sandboxfusion', 'templates.json');
  const { specs, bad } = await readFormat('sandboxfusion', { input: 'requests.jsonl', templates });
  expect(specs.map(({ template }) => template)).toEqual(['shells', 'shells']);
  expect(bad[0]).toBe(
    'requests.jsonl:3: language: no template covers image "nodejs"; add it to the table of --templates',
  );
});

test('a compiled language is built first, within its own time', async () => {
  const { specs } = await readFormat('sandboxfusion', { input: 'compiled.jsonl' });
  expect(specs[0]).toMatchObject({
    build: 'g++ -O2 -std=c++17 -o program main.cpp',
    test: './program < .evalpool-stdin',
    timeouts: { build: 7, test: 10 },
  });
});

test('Piston’s times are milliseconds', async () => {
  const { specs } = await readFormat('piston', { input: 'compiled.jsonl' });
  expect(specs[0]).toMatchObject({ build: 'go build -o program a.go', timeouts: { build: 7, test: 3 } });
});
