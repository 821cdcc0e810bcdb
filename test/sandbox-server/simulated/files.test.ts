import { FileNotFoundError, FileType, InvalidArgumentError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryFiles } from '../../../src/sandbox-server/simulated/memory-files.ts';
import { startSimulatedServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startSimulatedServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('bytes come back the same, in one piece and in ranges, and belong to one sandbox only', async () => {
  const bytes = new Uint8Array(700_000).map((_, at) => at % 251);
  await sandbox.files.write('/home/user/deep/er/big', new Blob([bytes]));
  const read = await sandbox.files.read('/home/user/deep/er/big', { format: 'bytes' });
  expect(Buffer.compare(read, bytes)).toBe(0);
  await sandbox.files.write('/home/user/deep/er/big', 'short');
  expect(await sandbox.files.read('deep/er/big')).toBe('short');
  const other = await Sandbox.create(host.sdk);
  await expect(other.files.read('/home/user/deep/er/big')).rejects.toThrow(FileNotFoundError);
  await other.kill();
});

test('folders are made, listed, moved and removed', async () => {
  expect(await sandbox.files.makeDir('/tmp/a/b')).toBe(true);
  expect(await sandbox.files.makeDir('/tmp/a/b')).toBe(false);
  await sandbox.files.write('/tmp/a/b/c.txt', 'c');
  await sandbox.files.rename('/tmp/a/b', '/tmp/x/y');
  const listed = await sandbox.files.list('/tmp', { depth: 3 });
  expect(listed.map(({ path, type }) => [path, type])).toEqual([
    ['/tmp/a', FileType.DIR],
    ['/tmp/x', FileType.DIR],
    ['/tmp/x/y', FileType.DIR],
    ['/tmp/x/y/c.txt', FileType.FILE],
  ]);
  expect(await sandbox.files.getInfo('/tmp/x/y/c.txt')).toMatchObject({ size: 1, owner: 'user' });
  await sandbox.files.remove('/tmp/x');
  expect(await sandbox.files.exists('/tmp/x/y/c.txt')).toBe(false);
  await sandbox.files.remove('/tmp/a');
});

test('what cannot be is refused as by a kernel', async () => {
  await sandbox.files.write('/tmp/file', 'f');
  await expect(sandbox.files.write('/tmp', 'x')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.read('/tmp')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.makeDir('/tmp/file')).rejects.toThrow('not a directory');
  await expect(sandbox.files.list('/tmp/file')).rejects.toThrow('not a directory');
  await expect(sandbox.files.write('/tmp/file/inside', 'x')).rejects.toThrow('not a directory');
  await expect(sandbox.files.rename('/tmp/none', '/tmp/b')).rejects.toThrow(FileNotFoundError);
});

test('above its disk a sandbox takes no more, and room comes back when files go', async () => {
  const files = new MemoryFiles(1_000_000);
  const half = 'x'.repeat(600_000);
  files.write('/tmp/one', half);
  expect(() => files.write('/tmp/two', half)).toThrow('ENOSPC');
  files.write('/tmp/one', half);
  await files.move('/tmp/two', '/tmp/one');
  files.write('/tmp/two', half);
  await files.remove('/tmp');
  expect(files.usedBytes).toBeLessThan(10_000);
});

test('names alone cannot fill it, and no path leads above its root', async () => {
  const files = new MemoryFiles(64 * 1024);
  const flood = async (): Promise<void> => {
    for (let at = 0; at < 1000; at += 1) await files.makeFolder(`/tmp/${at}`);
  };
  await expect(flood()).rejects.toThrow('ENOSPC');
  await files.remove('/tmp');
  expect(await files.makeFolder('/../../tmp/../x')).toBe('made');
  expect((await files.stat('/x')).kind).toBe('folder');
  await expect(files.stat(`/${'n'.repeat(300)}`)).rejects.toThrow('ENAMETOOLONG');
});

test('a watched folder tells what happens in it, by commands and by files', async () => {
  await sandbox.files.makeDir('/home/user/seen/old');
  const told: string[] = [];
  const watch = await sandbox.files.watchDir('seen', ({ type, name }) => void told.push(`${type} ${name}`), {
    recursive: true,
  });
  await sandbox.commands.run('sim 0 write /home/user/seen/old/a x');
  await sandbox.files.write('/home/user/elsewhere', 'x');
  await sandbox.files.rename('seen/old/a', 'seen/new/b');
  await sandbox.files.remove('seen/new');
  await sandbox.files.makeDir('seen/end');
  await expect.poll(() => told).toContain('create end');
  expect(told).toEqual([
    'create old/a',
    'write old/a',
    'create new',
    'rename old/a',
    'create new/b',
    'remove new',
    'create end',
  ]);
  await watch.stop();
  await expect(sandbox.files.watchDir('nowhere', () => {})).rejects.toThrow(FileNotFoundError);
});

test('a watch that is not read ends, and one that is stopped tells no more', async () => {
  const files = new MemoryFiles(100 * 1024 * 1024);
  const [unread, flat] = [files.watch('/tmp', true), files.watch('/tmp', false)];
  await files.makeFolder('/tmp/a/b');
  flat.stop();
  for (let at = 0; at < 20_000; at += 1) files.write('/tmp/a/b/file', 'x');
  const names: string[] = [];
  for await (const { name } of flat.changes) names.push(name);
  expect(names).toEqual(['a']);
  await expect(unread.changes[Symbol.asyncIterator]().next()).resolves.toMatchObject({
    value: { name: 'a' },
  });
  const readOn = async (): Promise<void> => {
    for await (const change of unread.changes) expect(change.name).toMatch(/^a/);
  };
  await expect(readOn()).rejects.toThrow('too many changes');
});

test('a move keeps a file’s identity, and no folder goes into itself', async () => {
  const files = new MemoryFiles(1024 * 1024);
  files.write('/tmp/a/b', 'b');
  const { identity } = await files.stat('/tmp/a/b');
  await expect(files.move('/tmp/a', '/tmp/a/c')).rejects.toThrow('EINVAL');
  await expect(files.move('/', '/tmp/c')).rejects.toThrow('EBUSY');
  await files.move('/tmp/a/b', '/tmp/c');
  expect((await files.stat('/tmp/c')).identity).toBe(identity);
  files.write('/tmp/d/e', 'e');
  await expect(files.move('/tmp/c', '/tmp/d')).rejects.toThrow('EISDIR');
  await expect(files.move('/tmp/a', '/tmp/d')).rejects.toThrow('ENOTEMPTY');
  await expect(files.move('/tmp/a', '/tmp/c')).rejects.toThrow('ENOTDIR');
});
