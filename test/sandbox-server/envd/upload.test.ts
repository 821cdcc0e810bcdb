import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS, startTestServer, type TestServer } from '../start-test-server.ts';
import { ask, type Answer } from './ask.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('a part without a file name is written where the query says, every byte of it', async () => {
  const bytes = randomBytes(3_000_000);
  const reply = await post('/files?path=nameless', ...form([['name="file"', bytes]]));
  expect([reply.status, reply.json]).toEqual([
    200,
    [{ path: '/home/user/nameless', name: 'nameless', type: 'file' }],
  ]);
  expect(Buffer.compare(await sandbox.files.read('nameless', { format: 'bytes' }), bytes)).toBe(0);
});

test('parts of other names are ignored, and a form without a file is refused', async () => {
  const parts: Part[] = [
    ['name="comment"', 'none'],
    ['name="other"; filename="o"', 'none'],
    ['name="file"; filename="taken"', 'taken'],
  ];
  expect((await post('/files', ...form(parts))).json).toMatchObject([{ path: '/home/user/taken' }]);
  expect((await post('/files', ...form(parts.slice(0, 2)))).status).toBe(400);
  expect((await post('/files', ...form([['name="file"', 'x']]))).status).toBe(400);
  expect(await sandbox.files.exists('o')).toBe(false);
});

test('what a form brings beside its files is bounded', async () => {
  const comments = Array.from({ length: 100 }, (): Part => ['name="comment"', 'x'.repeat(100_000)]);
  const parts: Part[] = [...comments, ['name="file"; filename="last"', 'x']];
  expect((await post('/files', ...form(parts))).json).toMatchObject([{ name: 'last' }]);
  expect((await post('/files', ...form([['name="more"', 'x'], ...parts]))).status).toBe(413);
});

test('two files for one path are refused in E2B’s words, however the path is spelt', async () => {
  const parts: Part[] = ['a', 'b', 'twice', '/home/user/./twice'].map((name, at) => [
    `name="file"; filename="${name}"`,
    String(at),
  ]);
  expect((await post('/files', ...form(parts))).json).toEqual({
    code: 400,
    message:
      "you cannot upload multiple files to the same path '/home/user/twice' in one upload request, " +
      'only the first specified file was uploaded, also the following files were uploaded: /home/user/a, /home/user/b',
  });
  expect(await sandbox.files.read('twice')).toBe('2');
});

test('a body is taken as it is, gzipped or empty, and nothing else', async () => {
  const packed = gzipSync('unpacked');
  await post('/files?path=packed', { ...OCTETS, 'content-encoding': 'GZIP' }, packed);
  expect(await sandbox.files.read('packed')).toBe('unpacked');
  await post('/files?path=plain', { ...OCTETS, 'content-encoding': 'identity' }, packed);
  expect(Buffer.compare(await sandbox.files.read('plain', { format: 'bytes' }), packed)).toBe(0);
  expect((await post('/files?path=none', OCTETS, '')).json).toMatchObject([{ name: 'none' }]);
  expect(await sandbox.files.read('none')).toBe('');
  const refused = async (headers: Record<string, string>, body: Part[1]): Promise<unknown[]> => {
    const { status, json } = await post('/files?path=refused', headers, body);
    return [status, json];
  };
  expect(await refused({ ...OCTETS, 'content-encoding': 'br' }, packed)).toEqual([
    400,
    because('unsupported Content-Encoding: br'),
  ]);
  expect(await refused({ ...OCTETS, 'content-encoding': 'gzip' }, 'not gzip')).toEqual([
    400,
    because('not gzip'),
  ]);
  for (const type of ['text/plain', 'application/json', 'image/png'])
    expect(await refused({ 'content-type': type }, '{}')).toEqual([
      400,
      because(`unsupported content type: ${type}`),
    ]);
  const [headers, body] = form([['name="file"', 'x']]);
  expect(await refused({ ...headers, 'content-encoding': 'gzip' }, gzipSync(body))).toEqual([
    501,
    because('octet-stream'),
  ]);
  expect((await post('/files', OCTETS, 'x')).status).toBe(400);
});

test('unknown users, folders and a token that is not the sandbox’s are refused', async () => {
  expect((await post('/files?path=x&username=nobody', OCTETS, 'x')).status).toBe(401);
  expect((await post('/files?path=/tmp', OCTETS, 'x')).json).toEqual({
    code: 400,
    message: "path '/tmp' is a directory",
  });
  const wrong = await post('/files?path=x', { ...OCTETS, 'x-access-token': 'wrong' }, 'x');
  expect(wrong.json).toEqual({ code: 401, message: 'access token present in header but does not match' });
  const none = await post('/files?path=x', { ...OCTETS, 'x-access-token': '' }, 'x');
  expect(none.json).toEqual({ code: 401, message: 'missing signature query parameter' });
  const unsigned = await post('/files?path=x&signature=v1_x', { ...OCTETS, 'x-access-token': '' }, 'x');
  expect(unsigned.json).toEqual({ code: 401, message: 'invalid signature' });
});

test('files are joined into one, which replaces what was there, and are gone', async () => {
  await sandbox.files.write('pieces/1', 'a'.repeat(400_000));
  await sandbox.files.write('pieces/2', 'b');
  await sandbox.files.write('joined', 'old', { metadata: { of: 'the old' } });
  const order = { source_paths: ['pieces/1', '~/pieces/2'], destination: 'joined' };
  const reply = await compose(order);
  expect([reply.status, reply.json]).toEqual([
    200,
    { path: '/home/user/joined', name: 'joined', type: 'file' },
  ]);
  expect(await sandbox.files.read('joined')).toBe('a'.repeat(400_000) + 'b');
  expect((await sandbox.files.getInfo('joined')).metadata).toBeUndefined();
  expect(await sandbox.files.list('pieces')).toEqual([]);
});

test('files that cannot be joined stay, and so does what was at the destination', async () => {
  await sandbox.files.write('kept', 'kept');
  await sandbox.files.write('dest', 'dest');
  await sandbox.files.makeDir('folder');
  const refusals: Array<[object, number, string]> = [
    [{ source_paths: [], destination: 'dest' }, 400, 'source_paths must not be empty'],
    [{ source_paths: ['kept'] }, 400, 'destination is required'],
    [{ source_paths: ['kept', 'dest'], destination: 'dest' }, 400, 'cannot be the same as destination'],
    [{ source_paths: ['kept', 'absent'], destination: 'dest' }, 404, 'source file not found'],
    [{ source_paths: ['kept', '/tmp'], destination: 'dest' }, 400, 'not a regular file'],
    [{ source_paths: ['kept'], destination: 'folder' }, 400, 'is a directory'],
    [{ source_paths: ['kept'], destination: 'dest', username: 'nobody' }, 401, 'invalid username'],
    [{ source_paths: 'kept', destination: 'dest' }, 400, 'source_paths'],
  ];
  for (const [order, code, message] of refusals)
    expect((await compose(order)).json).toEqual({ code, message: expect.stringContaining(message) });
  expect((await compose({}, { 'x-access-token': 'wrong' })).status).toBe(401);
  const half = `head -c ${Math.round(LIMITS.diskMb * 0.7)}M /dev/zero > half`;
  await sandbox.commands.run(half);
  const full = await compose({ source_paths: ['half'], destination: 'dest' });
  expect(full.json).toEqual({ code: 507, message: 'not enough disk space available' });
  expect([await sandbox.files.read('kept'), await sandbox.files.read('dest')]).toEqual(['kept', 'dest']);
  expect((await sandbox.commands.run('find / -name ".compose-*" 2>/dev/null || true')).stdout).toBe('');
});

type Part = [disposition: string, body: string | Buffer];

/** A form as no client of ours would send it. */
function form(parts: readonly Part[]): [Record<string, string>, Buffer] {
  const chunks = parts.flatMap(([disposition, body]) => [
    `--limit\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n`,
    body,
    '\r\n',
  ]);
  const body = Buffer.concat([...chunks, '--limit--\r\n'].map((chunk) => Buffer.from(chunk)));
  return [{ 'content-type': 'multipart/form-data; boundary=limit' }, body];
}

function post(path: string, headers: Record<string, string>, body: string | Buffer): Promise<Answer> {
  return ask(host, sandbox, path, { method: 'POST', headers, body });
}

function because(message: string): unknown {
  return { code: expect.any(Number), message: expect.stringContaining(message) };
}

function compose(order: object, headers: Record<string, string> = {}): Promise<Answer> {
  const json = { 'content-type': 'application/json', ...headers };
  return post('/files/compose', json, JSON.stringify(order));
}
