import { FileNotFoundError, FileType, InvalidArgumentError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('everything that can be written comes back in every form', async () => {
  const bytes = new TextEncoder().encode('bytes\0\xff');
  const data = { blob: new Blob([bytes]), buffer: bytes.slice().buffer, stream: new Blob([bytes]).stream() };
  for (const [path, one] of Object.entries(data)) {
    await sandbox.files.write(path, one);
    const blob = await sandbox.files.read(path, { format: 'blob' });
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
    const streamed = await sandbox.files.read(path, { format: 'stream' });
    expect(new Uint8Array(await new Response(streamed).arrayBuffer())).toEqual(bytes);
  }
});

test('many files are written in one call, of mixed kinds, and none is no call', async () => {
  const files = [
    { path: 'many/a', data: 'a' },
    { path: 'many/b', data: new Blob(['b']) },
    { path: 'many/c', data: new TextEncoder().encode('c').buffer },
  ];
  const written = await sandbox.files.writeFiles(files);
  expect(written.map(({ path, type }) => [path, type])).toEqual(
    ['a', 'b', 'c'].map((name) => [`/home/user/many/${name}`, FileType.FILE]),
  );
  expect(await sandbox.files.read('many/c')).toBe('c');
  expect(await sandbox.files.writeFiles([])).toEqual([]);
});

test('a listing goes as deep as asked, and no shallower than one', async () => {
  await sandbox.files.write('deep/1/2/3/file', '');
  const depths = async (depth?: number): Promise<number> =>
    (await sandbox.files.list('deep', depth === undefined ? {} : { depth })).length;
  expect([await depths(), await depths(1), await depths(2), await depths(9)]).toEqual([1, 1, 2, 4]);
  await expect(sandbox.files.list('deep', { depth: 0 })).rejects.toThrow(InvalidArgumentError);
});

test('a rename takes the place of a file, and says what now is there', async () => {
  await sandbox.files.write('old', 'the old');
  await sandbox.files.write('new', 'the new');
  expect(await sandbox.files.rename('old', 'new')).toMatchObject({
    name: 'new',
    path: '/home/user/new',
    type: FileType.FILE,
    size: 7,
  });
  expect(await sandbox.files.read('new')).toBe('the old');
  expect(await sandbox.files.exists('old')).toBe(false);
});

test('removing takes a file, a folder with all in it, and a link but not what it leads to', async () => {
  await sandbox.files.write('gone/with/all', '');
  await sandbox.files.write('stays', 'here');
  await sandbox.commands.run('ln -s stays link');
  for (const path of ['gone', 'link', 'never-was']) await sandbox.files.remove(path);
  expect(await sandbox.files.exists('gone/with/all')).toBe(false);
  expect(await sandbox.files.exists('link')).toBe(false);
  expect(await sandbox.files.read('stays')).toBe('here');
});

test('what a folder cannot be is told', async () => {
  await sandbox.files.write('a-file', '');
  await expect(sandbox.files.makeDir('a-file')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.makeDir('a-file/inside')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.list('a-file')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.getInfo('nothing')).rejects.toThrow(FileNotFoundError);
  await expect(sandbox.files.exists('a-file/inside')).rejects.toThrow('path is not a directory');
});
