import { expect, test } from 'vitest';
import { openCappedLog } from '../../src/blobs/capped-log.ts';

function kept(chunks: ReadonlyArray<string | Uint8Array>, secrets: string[] = []) {
  const log = openCappedLog(secrets, 10, 10);
  for (const chunk of chunks) log.write(chunk);
  const { content, ...counts } = log.kept();
  return { text: content.toString('latin1'), ...counts };
}

test('a log below the limit is kept as it is', () => {
  expect(kept(['hello ', 'you'])).toEqual({ text: 'hello you', bytes: 9, cut: false });
  expect(kept([])).toEqual({ text: '', bytes: 0, cut: false });
});

test('a log that fills head and tail exactly loses nothing', () => {
  expect(kept(['0123456789abcdefghij'])).toEqual({ text: '0123456789abcdefghij', bytes: 20, cut: false });
});

test.each([
  ['in one chunk', ['0123456789' + 'x'.repeat(95) + 'ABCDEFGHIJ']],
  ['byte by byte', ('0123456789' + 'x'.repeat(95) + 'ABCDEFGHIJ').split('')],
  ['in chunks of seven', ('0123456789' + 'x'.repeat(95) + 'ABCDEFGHIJ').match(/.{1,7}/g) ?? []],
])('of a longer log, written %s, the first and last bytes stay around a note', (_, chunks) => {
  expect(kept(chunks)).toEqual({
    text: '0123456789\n[evalpool: 95 bytes left out here]\nABCDEFGHIJ',
    bytes: 115,
    cut: true,
  });
});

test('bytes are kept raw', () => {
  expect(kept([Buffer.from([0xff, 0x00, 0x1b])]).text).toBe('\xff\x00\x1b');
});

test('a secret is taken out wherever it stands, over chunk borders too', () => {
  expect(kept(['a tok', 'en b'], ['token'])).toEqual({ text: 'a *** b', bytes: 9, cut: false });
  expect(kept(['abc abcd'], ['abc', 'abcd']).text).toBe('*** ***');
});

test('no half of a secret is left beside the cut', () => {
  const { text } = kept(['0123456tok' + 'en'.repeat(40) + 'ken6543210'], ['token']);
  expect(text).toMatch(/^012345\n\[evalpool: 80 bytes left out here\]\n543210$|^0123456?\n[^]*\n6?543210$/);
  expect(text).not.toMatch(/tok|ken/);
});

test('memory stays bounded whatever is printed', () => {
  const log = openCappedLog();
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(1024 * 1024, 'y');
  for (let n = 0; n < 300; n += 1) log.write(chunk);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  expect(log.kept()).toMatchObject({ bytes: 300 * 1024 * 1024, cut: true });
  expect(log.kept().content.length).toBeLessThan(1_100_000);
});
