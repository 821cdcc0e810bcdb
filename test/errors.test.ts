import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../src/errors.ts';

const rows = readFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| *`/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

test('docs/errors.md explains every error in the order of the table, and no other', () => {
  expect(rows.map((row) => row[1])).toEqual(Object.keys(ERRORS));
});

test('docs/errors.md says of every error whose fault it is and which reason it gives', () => {
  for (const [, code = '', blame, reason, happened = '', next = ''] of rows) {
    const kind = Object.entries(ERRORS).find(([name]) => name === code)?.[1];
    expect({ code, blame, reason }).toEqual({ code, blame: kind?.blame, reason: kind?.reason });
    expect(happened.length, `what happened: ${code}`).toBeGreaterThan(20);
    expect(next.length, `what to do: ${code}`).toBeGreaterThan(10);
  }
});
