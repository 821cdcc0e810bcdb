import { expect, test } from 'vitest';
import { contentHash, validateSpec } from '../src/intake/validate-spec.ts';
import { specMarkdown } from '../src/reports/spec-markdown.ts';
import { Spec, specJsonSchema } from '../src/spec.ts';
import { readSpecTable } from './fixtures/spec-table.ts';

test('the table in docs/spec.md is what `evalpool schema --markdown` prints', () => {
  expect(readSpecTable()).toBe(specMarkdown());
});

test('the reference and the JSON Schema name every field of a spec', () => {
  const fields = Object.keys(Spec.shape);
  for (const field of fields) expect(specMarkdown()).toContain(`| \`${field}\` |`);
  expect(specJsonSchema()).toMatchObject({
    properties: Object.fromEntries(fields.map((field) => [field, {}])),
  });
});

test('a spec needs an id and a test, and everything else has its default', () => {
  const spec = Spec.parse({ id: 'a', test: ['cd x', 'make test'] });
  expect(spec.test).toBe('cd x\nmake test');
  expect(spec).toMatchObject({
    sample: 0,
    repoDir: '/home/user/repo',
    fetch: 'auto',
    user: 'user',
    priority: 0,
  });
  expect(spec.timeouts.test).toBe(900);
  expect(Spec.safeParse({ id: 'a' }).success).toBe(false);
});

test('the content hash does not depend on the order of fields, but on every value', () => {
  const one = contentHash({ id: 'a', test: 'x', env: { A: '1', B: '2' } });
  expect(contentHash({ env: { B: '2', A: '1' }, test: 'x', id: 'a' })).toBe(one);
  expect(contentHash({ id: 'a', test: 'x', env: { A: '1', B: '3' } })).not.toBe(one);
});

test('the example of docs/spec.md is a valid spec', () => {
  const example = {
    id: 'django__11099',
    repo: 'https://github.com/django/django',
    ref: 'd26b2424437dabeeca94d7900b37d2df4410da0c',
    setup: 'python3 -m pip install -e .',
    patch: 'diff --git …',
    test: ['cd tests', './runtests.py auth_tests'],
    timeouts: { test: 600 },
    labels: { model: 'm', language: 'python' },
  };
  expect(validateSpec(example, 'remote')).toHaveProperty('spec');
});

test('lists of expected tests may be JSON or Python in a text', () => {
  expect(readFailToPass('["t.py::a", "b"]')).toEqual(['t.py::a', 'b']);
  expect(readFailToPass(['t.py::a'])).toEqual(['t.py::a']);
  expect(readFailToPass(`['t.py::a[\\'x"]', "it's", '\\x41\\u00e9\\n\\d',]`)).toEqual([
    `t.py::a['x"]`,
    "it's",
    'A\u00e9\n\\d',
  ]);
  expect(readFailToPass('[]')).toEqual([]);
  for (const wrong of [`['a' 'b']`, `['a', 1]`, `['a`, `[,'a']`, `['a']; b`])
    expect(readFailToPass(wrong)).toBeUndefined();
  for (const wrong of ['t.py::a', '[1]', '{"a": 1}', 7]) expect(readFailToPass(wrong)).toBeUndefined();
});

function readFailToPass(failToPass: unknown): string[] | undefined {
  return Spec.safeParse({ id: 'a', test: 'x', expect: { failToPass } }).data?.expect?.failToPass;
}
