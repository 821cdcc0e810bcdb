import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyPart, openBlobs, type Blobs } from '../../src/blobs/blobs.ts';

let folder: string;
let blobs: Blobs;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-blobs-'));
  blobs = openBlobs(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what is put under a key is read back', async () => {
  await blobs.put('batch/evaluation/1/test.log', Buffer.from([0, 255, 10]));
  expect(await blobs.read('batch/evaluation/1/test.log')).toEqual(Buffer.from([0, 255, 10]));
  expect(await blobs.read('batch/evaluation/1/build.log')).toBeNull();
});

test('nothing half written is left beside a blob', async () => {
  await blobs.put('a/b', Buffer.from('x'));
  await blobs.put('a/b', Buffer.from('y'));
  expect(readdirSync(join(folder, 'a'))).toEqual(['b']);
});

test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', '', '.', 'a/..', 'a\0b', 'a/b c'])(
  '%j is no key',
  async (key) => {
    await expect(blobs.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(blobs.read(key)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(blobs.remove(key)).rejects.toMatchObject({ code: 'INTERNAL' });
  },
);

test('any text makes a part of a key', () => {
  expect(['HumanEval/0', '..', '', 'a b', 'ok-1.2_x'].map(keyPart)).toEqual([
    'HumanEval_0',
    '_..',
    '_',
    'a_b',
    'ok-1.2_x',
  ]);
});

test('removing a prefix removes everything below it and nothing else', async () => {
  await blobs.put('a/1/x', Buffer.from('x'));
  await blobs.put('b/1/x', Buffer.from('x'));
  await blobs.remove('a');
  await blobs.remove('never-there');
  expect(await blobs.read('a/1/x')).toBeNull();
  expect(await blobs.read('b/1/x')).not.toBeNull();
});

test('the tail is the end of the text, harmless for a terminal', async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `line ${n}`).join('\n');
  const hostile = '\u001b[31mred\u001b]0;title\u0007\u001b[2J\r\nbell\u0007 \u202egnp.exe';
  await blobs.put('a', Buffer.concat([Buffer.from(`${lines}\n${hostile}\n`), Buffer.from([0xff, 0x0a])]));
  const tail = await blobs.tail('a');
  expect(tail.split('\n').slice(-3)).toEqual(['red', 'bell\ufffd \ufffdgnp.exe', '\ufffd']);
  expect(tail.split('\n')).toHaveLength(40);
  expect(await blobs.tail('nothing')).toBe('');
});

test('a long line is cut in the tail', async () => {
  await blobs.put('a', Buffer.from('x'.repeat(10_000)));
  expect(await blobs.tail('a')).toHaveLength(400);
});

test('a store that cannot be written to is our own fault', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(blobs.put('file/below', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
});
