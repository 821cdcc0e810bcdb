import { expect, test } from 'vitest';
import { FrameReader } from '../../../src/sandbox-server/code/frames.ts';

const NONCE = 'abcd'.repeat(8);

test.each([1, 2, 3, 7, 33, 34, 10_000])(
  'frames and output are parted the same in pieces of %i bytes',
  (size) => {
    const text = `out\0\0${NONCE}.{"a":1}\nmore\n\0${NONCE}+{"b"\n\0abcd\0${NONCE}.:2}\n\0`;
    expect(read(Buffer.from(text), size)).toEqual({
      output: 'out\0more\n\0abcd\0',
      messages: ['{"a":1}', '{"b":2}'],
    });
  },
);

test('a marker without a frame behind it is output', () => {
  const text = `\0${NONCE}.${'x'.repeat(5000)}\n`;
  expect(read(Buffer.from(text), 1000)).toEqual({ output: text, messages: [] });
});

test('a message that is too large is skipped and told, the next is read', () => {
  const piece = `\0${NONCE}+${'x'.repeat(4000)}\n`;
  const text = `${piece.repeat(4300)}\0${NONCE}.\n\0${NONCE}.{}\n`;
  expect(read(Buffer.from(text), 65_536)).toEqual({ output: '', messages: [null, '{}'] });
});

test('nothing is heard of what comes after the stop', () => {
  const reader = new FrameReader();
  const heard: string[] = [];
  const output = (bytes: Buffer): void => void heard.push(bytes.toString());
  reader.hear(NONCE, { output, message: () => reader.stop() });
  reader.push(Buffer.from(`before\0${NONCE}.{}\nafter`));
  reader.push(Buffer.from('later'));
  expect(heard).toEqual(['before']);
});

function read(bytes: Buffer, size: number): { output: string; messages: Array<string | null> } {
  const output: Buffer[] = [];
  const messages: Array<string | null> = [];
  const reader = new FrameReader();
  reader.hear(NONCE, {
    output: (part) => void output.push(Buffer.from(part)),
    message: (json) => void messages.push(json),
  });
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { output: Buffer.concat(output).toString(), messages };
}
