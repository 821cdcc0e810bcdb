import { expect, test } from 'vitest';
import { parseDeadline } from '../../src/cli/parse-deadline.ts';

const now = new Date(2026, 10, 24, 22, 30);

test.each([
  ['8h', new Date(2026, 10, 25, 6, 30)],
  ['90m', new Date(2026, 10, 25, 0, 0)],
  ['1.5d', new Date(2026, 10, 26, 10, 30)],
  ['07:00', new Date(2026, 10, 25, 7, 0)],
  ['7:05', new Date(2026, 10, 25, 7, 5)],
  ['23:00', new Date(2026, 10, 24, 23, 0)],
  ['2026-11-25T07:00', new Date(2026, 10, 25, 7, 0)],
  ['2026-12-01T07:00:00Z', new Date(Date.UTC(2026, 11, 1, 7))],
])('%s is a deadline', (text, at) => {
  expect(parseDeadline(text, now)).toEqual(at);
});

test.each(['', 'tomorrow', '24:00', '7', '8 h', '-1h', '2026-11-25', '2026-13-41T07:00'])(
  "'%s' is none",
  (text) => {
    expect(() => parseDeadline(text, now)).toThrow(/expected '8h'/);
  },
);

test.each(['0h', '2026-11-24T22:00'])('%s is past', (text) => {
  expect(() => parseDeadline(text, now)).toThrow('that is past');
});
