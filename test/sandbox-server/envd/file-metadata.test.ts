import { InvalidArgumentError, NotEnoughSpaceError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('an upload’s metadata is told by its reply, by getInfo and by list, names in lower case', async () => {
  const metadata = { 'Run-Id': '7', colour: 'light blue' };
  const kept = { 'run-id': '7', colour: 'light blue' };
  const written = await sandbox.files.write('told/a.txt', 'a', { metadata });
  expect(written.metadata).toEqual(kept);
  expect((await sandbox.files.getInfo('told/a.txt')).metadata).toEqual(kept);
  await sandbox.files.write('told/b.txt', 'b');
  const listed = await sandbox.files.list('told');
  expect(listed.map(({ name, metadata: its }) => [name, its])).toEqual([
    ['a.txt', kept],
    ['b.txt', undefined],
  ]);
  await sandbox.commands.run('ln -s a.txt told/link');
  expect((await sandbox.files.getInfo('told/link')).metadata).toEqual(kept);
});

test('metadata is given to every file of an upload, in both forms', async () => {
  const files = ['x', 'y'].map((name) => ({ path: `every/${name}`, data: name }));
  for (const useOctetStream of [false, true]) {
    const metadata = { form: String(useOctetStream) };
    const written = await sandbox.files.write(files, { metadata, useOctetStream });
    expect(written.map((one) => one.metadata)).toEqual([metadata, metadata]);
  }
});

test('the next upload replaces all of it, also by nothing', async () => {
  const path = 'replaced';
  await sandbox.files.write(path, '1', { metadata: { a: '1', b: '1' } });
  await sandbox.files.write(path, '2', { metadata: { b: '2' } });
  expect((await sandbox.files.getInfo(path)).metadata).toEqual({ b: '2' });
  await sandbox.files.write(path, '3');
  expect((await sandbox.files.getInfo(path)).metadata).toBeUndefined();
});

test('metadata follows a file that is renamed, by the API or a command, between mounts too', async () => {
  const metadata = { kept: 'yes' };
  await sandbox.files.write('moved/one/file', '', { metadata });
  await sandbox.files.rename('moved/one', 'moved/two');
  expect((await sandbox.files.getInfo('moved/two/file')).metadata).toEqual(metadata);
  await sandbox.commands.run('mv moved/two/file moved/three');
  expect((await sandbox.files.getInfo('moved/three')).metadata).toEqual(metadata);
  await sandbox.files.rename('moved', '/tmp/moved');
  await sandbox.files.write('/tmp/moved/deep/file', '', { metadata });
  await sandbox.files.rename('/tmp/moved', '/home/user/back');
  expect((await sandbox.files.getInfo('back/deep/file')).metadata).toEqual(metadata);
});

test('a file made where another was has none, nor has a copy', async () => {
  for (const remove of ['rm -f', 'mv -t /tmp']) {
    await sandbox.files.write('anew', '', { metadata: { of: 'the first' } });
    await sandbox.commands.run(`cp anew copy; ${remove} anew; touch anew`);
    expect((await sandbox.files.getInfo('anew')).metadata).toBeUndefined();
    expect((await sandbox.files.getInfo('copy')).metadata).toBeUndefined();
  }
  await sandbox.files.write('anew', '', { metadata: { of: 'the first' } });
  await sandbox.files.remove('anew');
  await sandbox.commands.run('touch anew');
  expect((await sandbox.files.getInfo('anew')).metadata).toBeUndefined();
});

test('snapshots and forks have the metadata of the files that they have', async () => {
  const metadata = { kept: 'yes' };
  await sandbox.files.write('saved/a', '', { metadata });
  await sandbox.files.write('saved/b', '', { metadata });
  await sandbox.files.rename('saved', 'stored');
  await sandbox.commands.run('mv stored/b stored/elsewhere');
  const { snapshotId } = await sandbox.createSnapshot();
  const [copy, [fork]] = await Promise.all([
    Sandbox.create(snapshotId, host.sdk),
    sandbox.fork({ timeoutMs: 60_000 }),
  ]);
  if (!(fork instanceof Sandbox)) throw fork;
  for (const one of [copy, fork])
    expect((await one.files.list('stored')).map(({ name, metadata: its }) => [name, its])).toEqual([
      ['a', metadata],
      ['elsewhere', undefined],
    ]);
  expect((await sandbox.files.getInfo('stored/elsewhere')).metadata).toEqual(metadata);
  await Promise.all([copy.kill(), fork.kill()]);
});

test('metadata that no xattr could hold is refused before the file is touched', async () => {
  await sandbox.files.write('refused', 'as it was');
  const write = (metadata: Record<string, string>): Promise<unknown> =>
    sandbox.files.write('refused', 'new', { metadata });
  await expect(write({ ['k'.repeat(247)]: '' })).rejects.toThrow(InvalidArgumentError);
  await expect(write({ a: 'x'.repeat(2100), b: 'x'.repeat(2100) })).rejects.toThrow('exceeds 4096 bytes');
  const headers = { ...dataPlaneHeaders(sandbox), 'x-metadata-k': 'naïve' };
  const body = new Blob(['new'], { type: 'application/octet-stream' });
  const reply = await fetch(`${host.server.url}/files?path=refused`, { method: 'POST', headers, body });
  expect([reply.status, await reply.json()]).toEqual([
    400,
    { code: 400, message: 'invalid metadata: the value for key "k" is not printable ASCII' },
  ]);
  expect(await sandbox.files.read('refused')).toBe('as it was');
  await write({ ['k'.repeat(246)]: '' });
});

test('what is kept for one sandbox is bounded, and files that are gone make room', async () => {
  const metadata = { a: 'x'.repeat(2000), b: 'x'.repeat(2000) };
  const files = Array.from({ length: 300 }, (_, at) => ({ path: `many/${at}`, data: '' }));
  await expect(sandbox.files.write(files, { metadata })).rejects.toThrow(NotEnoughSpaceError);
  expect((await sandbox.files.getInfo('many/0')).metadata).toEqual(metadata);
  await sandbox.commands.run('rm many/1?? many/2??');
  await sandbox.files.write('many/more', '', { metadata });
  expect((await sandbox.files.getInfo('many/1')).metadata).toEqual(metadata);
});
