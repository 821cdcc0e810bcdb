import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import { readPage } from '../../../src/reports/formats/html/page-files.ts';
import { MOST_EVALUATIONS } from '../../../src/reports/formats/html/write-html.ts';
import { textOf, writeRun } from './a-run.ts';

// What a browser makes of the page: test-system/report-page.test.ts.

async function pageOf(
  results?: readonly object[],
): Promise<{ html: string; run: unknown; evaluations: unknown[] }> {
  const run = writeRun(results);
  try {
    const html = await textOf(FORMATS['html'], await run.open());
    const read = (id: string): string => new RegExp(`id="${id}">([^<]*)</script>`).exec(html)?.[1] ?? '';
    return { html, run: JSON.parse(read('run')), evaluations: JSON.parse(read('data')) };
  } finally {
    run.remove();
  }
}

test('the modules of the page are one script that a browser can read, under the hash that the page allows', () => {
  const { before, after } = readPage('<title>');
  const script = /<script type="module">([\s\S]*)<\/script>/.exec(after)?.[1] ?? '';
  expect(() => new Script(`(() => {${script}})()`)).not.toThrow();
  expect(script).not.toMatch(/^(import|export) /m);
  expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|eval\(/);
  expect(before).toContain('<title>&lt;title></title>');
  expect(before).toMatch(/script-src 'sha256-[\w+/]+=*'; style-src 'sha256-[\w+/]+=*'/);
  expect(before + after).not.toMatch(/\$[A-Z]/);
});

test('the data is there as text that cannot end its script, without what nobody may see', async () => {
  const { html, evaluations } = await pageOf();
  expect(evaluations).toHaveLength(8);
  expect(evaluations[1]).toEqual({
    name: 'a__a-2',
    outcome: 'failed',
    reason: 'tests',
    code: 'TESTS_FAILED',
    message: '1 of 2 tests failed',
    next: 'Read the log.',
    labels: { model: 'm/1', language: 'go' },
    seconds: { create: 1, test: 1.5 },
    work: 2.5,
    attempts: 2,
    tests: 2,
    failed: [{ name: 't.py::test_a', status: 'failed', message: 'assert 1 == 2' }],
    log: 'first\nE   assert 1 == 2',
    logPath: 'logs/a__a-2-0/test.log',
  });
  expect(html).not.toContain('<img');
});

test('of a run that is too large those that passed are left out first, and the page says how many', async () => {
  const results = Array.from({ length: MOST_EVALUATIONS + 10 }, (_, index) => ({
    id: `t${index}`,
    outcome: index % 2 === 0 ? 'passed' : 'failed',
  }));
  const { run, evaluations } = await pageOf(results);
  expect(evaluations).toHaveLength(MOST_EVALUATIONS);
  expect(run).toMatchObject({ leftOut: expect.stringContaining('left out are 10 that passed and 0 others') });
});
