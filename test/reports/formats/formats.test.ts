import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CSV_COLUMNS } from '../../../src/reports/formats/csv.ts';
import { findFormat, FORMAT_NAMES } from '../../../src/reports/formats/formats.ts';

const DOCS = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'formats.md'), 'utf8');

test('every form is documented, and so is every column of the CSV', () => {
  const names = [...FORMAT_NAMES, ...CSV_COLUMNS.map(([name]) => name)];
  expect(names.filter((name) => !DOCS.includes(`\`${name}\``))).toEqual([]);
});

test('a misspelt form is answered with the nearest one, another with all', () => {
  expect(() => findFormat('junti', {}, '--format')).toThrow('did you mean "junit"?');
  expect(() => findFormat('spreadsheet', {}, '--format')).toThrow(/known here: csv, junit/);
  expect(() => findFormat('constructor', {}, '--format')).toThrow('no form is called');
});

test('a form refuses what it does not take, and names who does; it says what it needs', () => {
  expect(() => findFormat('csv', { tests: true }, '--format')).toThrow(
    'csv does not take --tests, but junit, ctrf do',
  );
  expect(() => findFormat('humaneval', {}, '--export')).toThrow('--export: humaneval needs --samples');
});
