import { once, EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { CellOutput } from '../../../src/sandbox-server/code/cell-output.ts';

test('text that comes at once is one event, and each change of the pipe begins another', () => {
  const told: object[] = [];
  const output = new CellOutput((event) => void told.push(event));
  for (const part of ['a', ' ', 'b\n']) output.add('stdout', Buffer.from(part));
  output.add('stderr', Buffer.from('c'));
  output.add('stdout', Buffer.from('d'));
  output.end();
  expect(told).toMatchObject([
    { type: 'stdout', text: 'a b\n' },
    { type: 'stderr', text: 'c' },
    { type: 'stdout', text: 'd' },
  ]);
});

test('text is told soon without an end, and much text at once', async () => {
  const told = new EventEmitter();
  const output = new CellOutput((event) => told.emit('event', event));
  const first = once(told, 'event');
  output.add('stdout', Buffer.from('soon'));
  expect(await first).toMatchObject([{ text: 'soon' }]);
  const lengths: number[] = [];
  told.on('event', ({ text }: { text: string }) => lengths.push(text.length));
  output.add('stdout', Buffer.alloc(100_000, 'x'));
  expect(lengths).toEqual([100_000]);
});

test('a character cut in two is whole, one that never ends is told as broken', () => {
  const told: object[] = [];
  const output = new CellOutput((event) => void told.push(event));
  const bytes = Buffer.from('€');
  output.add('stdout', bytes.subarray(0, 1));
  output.add('stderr', Buffer.from('e'));
  output.add('stdout', bytes.subarray(1));
  output.add('stdout', bytes.subarray(0, 2));
  output.end();
  expect(told).toMatchObject([{ text: 'e' }, { type: 'stdout', text: '€\ufffd' }]);
});
