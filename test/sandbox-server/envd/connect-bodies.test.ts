import { gzipSync } from 'node:zlib';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('a body that is no message, no gzip, too large or in another encoding is refused', async () => {
  const asProto = { 'content-type': 'application/proto' };
  expect(await post('process.Process/SendInput', asProto, Buffer.from([0xff, 0xff]))).toEqual([
    400,
    'invalid_argument',
  ]);
  expect(await post('process.Process/Nope', asProto, Buffer.alloc(0))).toEqual([501, 'unimplemented']);
  const asGzip = { ...asProto, 'content-encoding': 'gzip' };
  expect(await post('process.Process/List', asGzip, Buffer.from('no gzip'))).toEqual([
    400,
    'invalid_argument',
  ]);
  const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024));
  expect(await post('process.Process/List', asGzip, bomb)).toEqual([429, 'resource_exhausted']);
  const asBrotli = { ...asProto, 'content-encoding': 'br' };
  expect(await post('process.Process/List', asBrotli, Buffer.alloc(1))).toEqual([501, 'unimplemented']);
});

test('a content type that the method has not is refused with 415, another verb with 405', async () => {
  for (const type of ['application/connect+json', 'application/grpc', 'text/plain'])
    expect(await post('process.Process/List', { 'content-type': type }, Buffer.from('{}'))).toEqual([
      415,
      'unknown',
    ]);
  const start = Buffer.from('{"process":{"cmd":"true"}}');
  expect(await post('process.Process/Start', { 'content-type': 'application/json' }, start)).toEqual([
    415,
    'unknown',
  ]);
  const headers = dataPlaneHeaders(sandbox);
  const asked = await fetch(`${host.server.url}/process.Process/List?encoding=json&message={}`, { headers });
  expect([asked.status, asked.headers.get('allow')]).toEqual([405, 'POST']);
});

async function post(path: string, headers: Record<string, string>, body: Buffer): Promise<[number, unknown]> {
  const url = `${host.server.url}/${path}`;
  const all = { ...dataPlaneHeaders(sandbox), ...headers };
  const reply = await fetch(url, { method: 'POST', headers: all, body: new Uint8Array(body) });
  const { code }: { code: unknown } = JSON.parse(await reply.text());
  return [reply.status, code];
}
