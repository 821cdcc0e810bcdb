import { parse } from 'csv-parse/sync';
import { afterAll, expect, test } from 'vitest';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import { HOSTILE, RESULTS, textOf, writeRun } from './a-run.ts';

const written = writeRun();
afterAll(() => written.remove());

// UTF-8 has no half characters.
const WRITTEN = HOSTILE.replace('\ud800', '\ufffd');

test('CSV is read again by a library, cell by cell', async () => {
  const text = await textOf(FORMATS['csv'], await written.open());
  const rows: Array<Record<string, string>> = parse(text, { columns: true, relax_column_count: false });
  expect(rows).toHaveLength(RESULTS.length);
  expect(rows[1]).toMatchObject({
    id: 'a__a-2',
    sample: '0',
    outcome: 'failed',
    graded: '1',
    passed: '0',
    code: 'TESTS_FAILED',
    stage: 'test',
    message: '1 of 2 tests failed',
    exit_code: '1',
    tests: '2',
    tests_passed: '0',
    tests_failed: '1',
    attempts: '2',
    seconds: '2.5',
    test_seconds: '1.5',
    'label.model': 'm/1',
    'label.language': 'go',
    labels: '{"model":"m/1","language":"go"}',
  });
  expect(rows[3]).toMatchObject({ id: WRITTEN, 'label.model': WRITTEN });
  expect(rows[4]).toMatchObject({ outcome: 'infra_error', graded: '0', passed: '' });
  expect(rows.at(-1)).toMatchObject({ id: '', source: 'batch.jsonl:9', message: 'no JSON' });
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=1', '＝1+1'])(
  'a cell that would begin with %j is no formula',
  async (id) => {
    const one = writeRun([{ id, outcome: 'passed' }]);
    try {
      const rows: string[][] = parse(await textOf(FORMATS['csv'], await one.open()));
      expect(rows[1]?.[0]).toBe(`'${id}`);
    } finally {
      one.remove();
    }
  },
);
