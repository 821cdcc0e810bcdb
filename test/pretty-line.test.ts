import { expect, test } from 'vitest';
import { prettyLine } from '../src/pretty-line.ts';

const told = {
  time: '2026-11-24T09:08:07.065Z',
  level: 'warn',
  process: 'evaluator',
  host: 'h',
  pid: 1,
  evaluation: '17',
  attempt: 2,
  msg: 'a destroy is tried again',
};

test('a line for people has the time of day, the level, who says it, the words and the fields', () => {
  expect(prettyLine(JSON.stringify(told))).toBe(
    '09:08:07.065  WARN   evaluator  a destroy is tried again  evaluation=17  attempt=2\n',
  );
});

test('an error follows with its code and its stack', () => {
  const err = {
    type: 'EvalpoolError',
    code: 'SANDBOX_LOST',
    message: 'gone',
    stack: 'Error: gone\n    at x',
  };
  expect(prettyLine(JSON.stringify({ ...told, err }))).toMatch(
    /attempt=2\n {4}SANDBOX_LOST: Error: gone\n {8}at x\n$/,
  );
});

test('what a candidate wrote can neither steer the terminal nor pass for a line of its own', () => {
  const hostile = '\u001B[2J\u0007x\r\n09:08:07.065  ERROR  evaluator  all is lost';
  const lines = prettyLine(
    JSON.stringify({ ...told, msg: hostile, note: hostile, err: { stack: hostile } }),
  ).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines.slice(1, 3).every((line) => line.startsWith('    '))).toBe(true);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(lines.join('')).not.toMatch(/[\u0000-\u001F]/);
});
