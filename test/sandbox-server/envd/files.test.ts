import { randomBytes } from 'node:crypto';
import { FileNotFoundError, FileType, InvalidArgumentError, NotEnoughSpaceError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signFileAccess } from '../../../src/sandbox-server/secrets.ts';
import { dataPlaneHeaders, startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('text comes back as it was written, by relative and absolute path', async () => {
  const written = await sandbox.files.write('deep/er/text.txt', 'grüße\n');
  expect(written).toMatchObject({ path: '/home/user/deep/er/text.txt', name: 'text.txt', type: 'file' });
  expect(await sandbox.files.read('/home/user/deep/er/text.txt')).toBe('grüße\n');
  expect(await sandbox.files.read('~/deep/er/text.txt')).toBe('grüße\n');
  expect((await sandbox.commands.run('cat deep/er/text.txt; stat -c %U deep/er')).stdout).toBe(
    'grüße\nuser\n',
  );
});

test('an empty file and a shorter one leave nothing of what was there', async () => {
  await sandbox.files.write('over', 'a long text');
  await sandbox.files.write('over', 'short');
  expect(await sandbox.files.read('over')).toBe('short');
  await sandbox.files.write('over', '');
  expect(await sandbox.files.read('over')).toBe('');
  expect(await sandbox.files.read('over', { format: 'bytes' })).toHaveLength(0);
});

test('bytes of every size come back the same', async () => {
  for (const size of [1, 65_536, 262_144, 262_145, 5_000_000]) {
    const bytes = new Uint8Array(randomBytes(size));
    await sandbox.files.write('bytes.bin', bytes.buffer);
    const back = await sandbox.files.read('bytes.bin', { format: 'bytes' });
    expect(Buffer.compare(back, bytes)).toBe(0);
  }
});

test('one write takes many files, odd names too', async () => {
  const names = ['plain', 'with space', 'q"uote', 'ünï/cödé', 'a%20b', "it's", 'semi;colon', 'back\\slash'];
  const many = Array.from({ length: 200 }, (_, at) => `many/${at}.txt`);
  const entries = [...names, ...many].map((name) => ({
    path: `/home/user/names/${name}`,
    data: `I am ${name}`,
  }));
  expect(await sandbox.files.write(entries)).toHaveLength(entries.length);
  for (const { path, data } of entries.slice(0, 12)) expect(await sandbox.files.read(path)).toBe(data);
});

test('octet streams and gzip arrive as what they mean', async () => {
  await sandbox.files.write('octet', 'plain bytes', { useOctetStream: true });
  expect(await sandbox.files.read('octet')).toBe('plain bytes');
  const text = 'again and '.repeat(100_000);
  await sandbox.files.write('zipped', text, { gzip: true });
  expect((await sandbox.commands.run('wc -c < zipped')).stdout.trim()).toBe(String(text.length));
  expect(await sandbox.files.read('zipped', { gzip: true })).toBe(text);
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < 50; at += 1) controller.enqueue(new Uint8Array(100_000).fill(at));
      controller.close();
    },
  });
  await sandbox.files.write('streamed', stream);
  const { size } = await sandbox.files.getInfo('streamed');
  expect(size).toBe(5_000_000);
});

test('a file is read as a stream and by range', async () => {
  await sandbox.files.write('range', '0123456789');
  const chunks = [];
  for await (const chunk of await sandbox.files.read('range', { format: 'stream' })) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('0123456789');
  const url = `${host.server.url}/files?path=range`;
  const part = await fetch(url, { headers: { ...dataPlaneHeaders(sandbox), range: 'bytes=2-4' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ]);
  const beyond = await fetch(url, { headers: { ...dataPlaneHeaders(sandbox), range: 'bytes=10-' } });
  expect(beyond.status).toBe(416);
});

test('missing files and folders where files should be are told apart', async () => {
  await expect(sandbox.files.read('/no/such')).rejects.toThrow(FileNotFoundError);
  await expect(sandbox.files.read('/no/such')).rejects.toThrow("path '/no/such' does not exist");
  await sandbox.files.makeDir('folder');
  await expect(sandbox.files.read('folder')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.write('folder', 'x')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.list('/no/such')).rejects.toThrow(FileNotFoundError);
  await sandbox.files.write('plain-file', '');
  await expect(sandbox.files.list('plain-file')).rejects.toThrow('not a directory');
});

test('folders are made, listed, moved, asked for and removed', async () => {
  expect(await sandbox.files.makeDir('/home/user/tree/a/b')).toBe(true);
  expect(await sandbox.files.makeDir('/home/user/tree/a/b')).toBe(false);
  await sandbox.files.write('tree/a/file', '12345');
  const listed = await sandbox.files.list('tree', { depth: 3 });
  expect(listed.map(({ path }) => path).toSorted()).toEqual([
    '/home/user/tree/a',
    '/home/user/tree/a/b',
    '/home/user/tree/a/file',
  ]);
  expect((await sandbox.files.list('tree')).map(({ name, type }) => [name, type])).toEqual([
    ['a', FileType.DIR],
  ]);
  expect(await sandbox.files.getInfo('tree/a/file')).toMatchObject({
    type: FileType.FILE,
    size: 5,
    mode: 0o644,
    permissions: '-rw-r--r--',
    owner: 'user',
    group: 'user',
  });
  expect(await sandbox.files.rename('tree/a', 'tree/z')).toMatchObject({ path: '/home/user/tree/z' });
  expect(await sandbox.files.exists('tree/a')).toBe(false);
  expect(await sandbox.files.exists('tree/z/file')).toBe(true);
  await expect(sandbox.files.rename('tree/none', 'tree/x')).rejects.toThrow(FileNotFoundError);
  await sandbox.files.remove('tree');
  await sandbox.files.remove('tree');
  expect(await sandbox.files.exists('tree')).toBe(false);
});

test('a move between home and /tmp works as one inside', async () => {
  await sandbox.files.write('/tmp/moved', 'goods');
  await sandbox.files.rename('/tmp/moved', '/home/user/moved');
  expect(await sandbox.files.read('moved')).toBe('goods');
  expect(await sandbox.files.exists('/tmp/moved')).toBe(false);
});

test('a symlink shows its target, and one out of the box leads nowhere', async () => {
  await sandbox.commands.run(
    'echo in > real; ln -s real link; ln -s /../../../../../../../../etc/shadow out; ln -s /proc/1/root way-out',
  );
  expect(await sandbox.files.read('link')).toBe('in\n');
  expect(await sandbox.files.getInfo('link')).toMatchObject({
    type: FileType.FILE,
    symlinkTarget: '/home/user/real',
    mode: 0o644,
    permissions: 'Lrwxrwxrwx',
  });
  await expect(sandbox.files.read('out')).rejects.toThrow('does not exist');
  await expect(sandbox.files.read('way-out/etc/hostname')).rejects.toThrow('EACCES');
  await expect(sandbox.files.write('way-out/tmp/planted', 'x')).rejects.toThrow('EACCES');
});

test('a FIFO or device stalls nobody', async () => {
  await sandbox.commands.run('mkfifo pipe');
  await expect(sandbox.files.read('pipe')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.write('pipe', 'x')).rejects.toThrow(InvalidArgumentError);
  await expect(sandbox.files.read('/dev/zero')).rejects.toThrow(InvalidArgumentError);
});

test('signed URLs read and write without a token, and only what was signed', async () => {
  await sandbox.files.write('signed.txt', 'secret');
  const url = await sandbox.downloadUrl('signed.txt', { useSignatureExpiration: 60_000 });
  expect(await (await fetch(url)).text()).toBe('secret');
  expect((await fetch(url.replace('signed.txt', 'other.txt'))).status).toBe(401);
  expect((await fetch(url.replace(/expiration=\d+/, 'expiration=9999999999'))).status).toBe(401);
  const { 'x-access-token': token = '' } = dataPlaneHeaders(sandbox);
  const expires = '1700000000';
  const late = signFileAccess({ path: 'signed.txt', operation: 'read', username: '', expires }, token);
  const query = new URLSearchParams({ path: 'signed.txt', signature: late, signature_expiration: expires });
  const expired = await fetch(`${host.server.url}/files?${query.toString()}`);
  expect(await expired.json()).toEqual({ code: 401, message: 'signature is already expired' });
  const form = new FormData();
  form.append('file', new Blob(['by form']), 'ignored');
  const put = await fetch(await sandbox.uploadUrl('uploaded.txt'), { method: 'POST', body: form });
  expect(put.status).toBe(200);
  expect(await sandbox.files.read('uploaded.txt')).toBe('by form');
});

test('an upload beyond the disk ends as such', async () => {
  const small = await Sandbox.create(host.sdk);
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  await expect(small.files.write('huge', stream)).rejects.toThrow(NotEnoughSpaceError);
  await small.kill();
});
