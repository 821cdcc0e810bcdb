import { expect, test } from 'vitest';
import { EntryLog } from '../../../src/sandbox-server/ledger/entry-log.ts';

const MEGABYTE = 1024 * 1024;

test('lines come back from any number on, byte for byte', () => {
  const log = new EntryLog(MEGABYTE);
  for (const line of ['one', 'zwölf', '']) log.append(line);
  const text = (after: number): string => Buffer.concat(log.after(after)).toString();
  expect([0, 1, 2, 3, 99].map(text)).toEqual(['one\nzwölf\n\n', 'zwölf\n\n', '\n', '', '']);
  expect([log.first, log.last]).toEqual([1, 3]);
});

test('what was read does not change when lines are added', () => {
  const log = new EntryLog(MEGABYTE);
  log.append('one');
  const read = log.after(0);
  log.append('two');
  expect(Buffer.concat(read).toString()).toBe('one\n');
});

test('above its bound the oldest lines are forgotten, the numbers stay, and the newest are all there', () => {
  const log = new EntryLog(MEGABYTE);
  const count = 40_000;
  for (let number = 1; number <= count; number += 1) log.append(`${number} `.padEnd(99, '.'));
  const lines = Buffer.concat(log.after(0)).toString().trimEnd().split('\n');
  expect(log.last).toBe(count);
  expect(log.first).toBeGreaterThan(1);
  expect(lines.map((line) => Number(line.split(' ', 1)[0]))).toEqual(
    Array.from({ length: count - log.first + 1 }, (_, at) => log.first + at),
  );
  expect(lines.length * 100).toBeLessThanOrEqual(MEGABYTE);
  expect(Buffer.concat(log.after(count - 1)).toString()).toMatch(/^40000 \.+\n$/);
});

test('a line longer than any chunk is kept whole', () => {
  const log = new EntryLog(2 * MEGABYTE);
  const long = 'x'.repeat(MEGABYTE / 2);
  for (const line of ['before', long, 'after']) log.append(line);
  expect(Buffer.concat(log.after(0)).toString()).toBe(`before\n${long}\nafter\n`);
});
