import { gunzipSync } from 'node:zlib';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { ask, type Answer } from './ask.ts';

const TEXT = '0123456789';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
  await sandbox.files.write('digits', TEXT);
});
afterAll(() => host.close());

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['identity', 'identity'],
  ['*', 'identity'],
  ['br', 'identity'],
  ['gzip', 'gzip'],
  ['GZIP;q=0.5', 'gzip'],
  ['gzip, deflate', 'identity'],
  ['gzip, identity;q=0.5', 'gzip'],
  ['gzip;q=0.5, identity', 'identity'],
  ['gzip;q=0', 'identity'],
  ['gzip, *;q=0', 'gzip'],
  ['*, identity;q=0', 'gzip'],
])('Accept-Encoding %j gets the file as %s', async (header, expected) => {
  const { status, headers, body } = await get(
    'digits',
    header === undefined ? {} : { 'accept-encoding': header },
  );
  const encoding = headers['content-encoding'] ?? 'identity';
  expect([status, encoding, headers.vary]).toEqual([200, expected, 'accept-encoding']);
  expect((encoding === 'gzip' ? gunzipSync(body) : body).toString()).toBe(TEXT);
});

test.each(['br, identity;q=0', 'gzip;q=0, *;q=0', 'identity;q=0'])(
  'Accept-Encoding %j gets 406',
  async (header) => {
    const { status, json } = await get('digits', { 'accept-encoding': header });
    const message = expect.stringContaining('no acceptable encoding');
    expect([status, json]).toEqual([406, { code: 406, message }]);
  },
);

test('a whole file says its length, name and time, an empty one too', async () => {
  const { headers } = await get('digits');
  expect(headers).toMatchObject({
    'content-length': '10',
    'content-disposition': "inline; filename*=UTF-8''digits",
    'accept-ranges': 'bytes',
  });
  const { modifiedTime } = await sandbox.files.getInfo('digits');
  expect(headers['last-modified']).toBe(modifiedTime?.toUTCString());
  await sandbox.files.write("it's (ü)", '');
  const empty = await get("it's (ü)", { range: 'bytes=0-' });
  expect([empty.status, empty.headers['content-length'], empty.headers['content-disposition']]).toEqual([
    200,
    '0',
    "inline; filename*=UTF-8''it%27s%20%28%C3%BC%29",
  ]);
});

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=5-500', 206, '56789', 'bytes 5-9/10'],
  ['bytes=10-', 416, '{"code":416,"message":"the file has 10 bytes"}', 'bytes */10'],
  ['bytes=4-2', 416, '{"code":416,"message":"the file has 10 bytes"}', 'bytes */10'],
  ['bytes=0-1,4-5', 200, TEXT, undefined],
  ['lines=1-2', 200, TEXT, undefined],
])('Range %s gets %i', async (range, status, text, contentRange) => {
  const reply = await get('digits', { range });
  expect([reply.status, reply.headers['content-range'], reply.body.toString()]).toEqual([
    status,
    contentRange,
    text,
  ]);
});

test('a range of a large file is streamed, and none is packed', async () => {
  await sandbox.commands.run('head -c 3000000 /dev/zero > zeros');
  const range = { range: 'bytes=1000000-2999999', 'accept-encoding': 'gzip' };
  const reply = await get('zeros', range);
  expect([reply.status, reply.headers['content-encoding'], reply.body.length]).toEqual([
    206,
    undefined,
    2_000_000,
  ]);
  expect((await get('zeros', { ...range, 'accept-encoding': 'gzip, identity;q=0' })).status).toBe(406);
});

test('conditions are kept: 304 for what has not changed, 412 for what has', async () => {
  const now = (await get('digits')).headers['last-modified'] ?? '';
  const before = 'Mon, 01 Jan 2024 00:00:00 GMT';
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await get('digits', headers)).status;
  expect(await status({ 'if-modified-since': now })).toBe(304);
  expect(await status({ 'if-modified-since': before })).toBe(200);
  expect(await status({ 'if-modified-since': 'yesterday' })).toBe(200);
  expect(await status({ 'if-none-match': '*' })).toBe(304);
  expect(await status({ 'if-none-match': '"tag"', 'if-modified-since': now })).toBe(200);
  expect(await status({ 'if-unmodified-since': now })).toBe(200);
  expect(await status({ 'if-unmodified-since': before })).toBe(412);
  expect(await status({ 'if-match': '"tag"' })).toBe(412);
  expect(await status({ 'if-range': now, range: 'bytes=0-0' })).toBe(206);
  expect(await status({ 'if-range': before, range: 'bytes=0-0' })).toBe(200);
});

test('who reads and what is read are checked', async () => {
  expect(await answer('path=digits&username=nobody')).toEqual([
    401,
    { code: 401, message: "invalid username: 'nobody'" },
  ]);
  expect((await get('/home/user/digits', {}, '&username=root')).body.toString()).toBe(TEXT);
  expect(await answer('path=/tmp')).toEqual([400, { code: 400, message: "path '/tmp' is a directory" }]);
  expect(await answer('path=none')).toEqual([
    404,
    { code: 404, message: "path '/home/user/none' does not exist" },
  ]);
});

async function answer(query: string): Promise<unknown[]> {
  const { status, json } = await ask(host, sandbox, `/files?${query}`);
  return [status, json];
}

function get(path: string, headers: Record<string, string> = {}, more = ''): Promise<Answer> {
  return ask(host, sandbox, `/files?path=${encodeURIComponent(path)}${more}`, { headers });
}
