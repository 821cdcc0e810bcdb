import { expect, test } from 'vitest';
import { harmlessLine, harmlessText } from '../src/harmless-text.ts';

test.each([
  ['colours', '\u001b[1;31mred\u001b[0m', 'red'],
  ['colours in one character', '\u009b31mred\u009bm', 'red'],
  ['a title', '\u001b]0;title\u0007text', 'text'],
  ['a link', '\u001b]8;;http://a\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['a character set and a reset', '\u001b(Btext\u001bc', 'text'],
  ['a title without an end', '\u001b]0;text', '\ufffd]0;text'],
  ['line ends of all kinds', 'a\r\nb\rc\r\r\nd', 'a\nb\nc\nd'],
  ['what reorders or hides', 'a\u202eb\u200bc\u0000', 'a\ufffdb\ufffdc\ufffd'],
  ['half a character', 'a\ud800b', 'a\ufffdb'],
])('%s are made harmless', (_, raw, harmless) => {
  expect(harmlessText(raw)).toBe(harmless);
});

test('a line is one line, trimmed and cut', () => {
  expect(harmlessLine('  a \n\n  b\t \r\n', 10)).toBe('a b');
  expect(harmlessLine('abcdef', 4)).toBe('abc…');
});

// Quadratic work on these would take hours, and the test its time limit.
test.each([
  ['parameters', '\u009b', ';#'],
  ['titles', '', '\u001b]'],
  ['introducers', '', '\u001b['],
  ['blanks', '', ' '],
  ['line ends', '', '\r'],
  ['halves', '', '\ud800'],
])('megabytes of %s take linear time', (_, start, repeated) => {
  const hostile = start + repeated.repeat(4_000_000 / repeated.length);
  expect(harmlessLine(hostile, 100).length).toBeLessThanOrEqual(100);
});
