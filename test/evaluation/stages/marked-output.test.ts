import { expect, test } from 'vitest';
import { markedOutput } from '../../../src/evaluation/stages/marked-output.ts';

const MARK = `\nevalpool-${'ab12'.repeat(8)}\n`;

function readInAndOut(chunks: Iterable<string>): { inside: string; outside: string; ended: boolean } {
  const parts = { inside: '', outside: '' };
  const marked = markedOutput(
    (text) => (parts.inside += text),
    (text) => (parts.outside += text),
  );
  for (const chunk of chunks) marked.take(chunk);
  return { ended: marked.close(), ...parts };
}

test.each([
  ['', 'ok 1\n', ''],
  ['a profile speaks', 'ok 1', 'stray'],
  ['', '', ''],
  ['x'.repeat(200), `\nevalpool-${'0'.repeat(32)}\n`, MARK],
])('however it comes, what counts stands between the marks: %j %j %j', (before, text, after) => {
  const whole = before + MARK + text + MARK + after;
  for (const size of [1, 2, 7, whole.length]) {
    const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
      whole.slice(n * size, (n + 1) * size),
    );
    expect(readInAndOut(chunks)).toEqual({ ended: true, inside: text, outside: before + after });
  }
});

test('output without a second mark has not ended, without any it holds nothing', () => {
  expect(readInAndOut([`${MARK}ok 1`, '\nevalpool-'])).toEqual({
    ended: false,
    inside: 'ok 1\nevalpool-',
    outside: '',
  });
  expect(readInAndOut(['ok 1\n', '1..1\n'])).toEqual({ ended: false, inside: '', outside: 'ok 1\n1..1\n' });
});
