import { Sandbox, SandboxNotFoundError, TimeoutError } from 'e2b';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NO_FAULTS } from '../../src/sandbox-server/faults/fault-rules.ts';
import { NO_TIER } from '../../src/sandbox-server/limits/tier.ts';
import { Sandboxes } from '../../src/sandbox-server/sandboxes.ts';
import {
  dataPlaneHeaders,
  envelope,
  LIMITS,
  openTestWall,
  startTestServer,
  type TestServer,
} from './start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('a dead sandbox fails every kind of call the way E2B’s does', async () => {
  const dead = await Sandbox.create(host.sdk);
  await dead.kill();
  await expect(dead.commands.run('true')).rejects.toThrow(SandboxNotFoundError);
  await expect(dead.files.list('/')).rejects.toThrow(TimeoutError);
  await expect(dead.files.read('x')).rejects.toThrow(TimeoutError);
  await expect(dead.files.write('x', 'y')).rejects.toThrow(TimeoutError);
  expect(await dead.isRunning()).toBe(false);
});

test('a kill cuts running commands, and they say so', async () => {
  const dying = await Sandbox.create(host.sdk);
  const handle = await dying.commands.run('sleep 100', { background: true });
  const ended = handle.wait();
  ended.catch(() => {});
  await dying.kill();
  await expect(ended).rejects.toThrow('killed or reached its end of life');
});

test('a sandbox that dies by itself is no longer there, and its commands were not just killed', async () => {
  const mortal = await startTestServer();
  try {
    const doomed = await Sandbox.create(mortal.sdk);
    const handle = await doomed.commands.run('sleep 100', { background: true });
    const ended = handle.wait();
    ended.catch(() => {});
    await mortal.endBoxes();
    await expect(ended).rejects.toThrow('killed or reached its end of life');
    expect(await doomed.kill()).toBe(false);
  } finally {
    await mortal.close();
  }
});

test('of two kills at once neither answers before it is gone', async () => {
  const { wall, templates, log, close } = await openTestWall();
  const sandboxes = new Sandboxes({
    wall,
    templates,
    log,
    limits: LIMITS,
    tier: NO_TIER,
    maxPaused: 0,
    faults: NO_FAULTS,
  });
  const lifecycle = { onTimeout: 'kill', keepMemory: true, autoResume: false } as const;
  const order = {
    template: 'base',
    metadata: {},
    envVars: {},
    lifeMs: 60_000,
    egress: { network: 'none', allowOut: [], denyOut: [], denied: [] },
    lifecycle,
  } as const;
  const { id } = await sandboxes.create(order);
  const answers: string[] = [];
  await Promise.all([
    sandboxes.kill(id).then(() => answers.push('gone')),
    sandboxes.kill(id).catch((error: unknown) => answers.push(String(error))),
  ]);
  await close();
  expect(answers).toEqual(['gone', expect.stringContaining("doesn't exist")]);
});

test('the token of one sandbox does not open another', async () => {
  const other = await Sandbox.create(host.sdk);
  const stolen = { ...dataPlaneHeaders(sandbox), 'e2b-sandbox-id': other.sandboxId };
  for (const token of [stolen, { ...stolen, 'x-access-token': '' }, { 'e2b-sandbox-id': other.sandboxId }]) {
    expect((await post('/process.Process/List', '{}', token)).status).toBe(401);
    expect((await fetch(`${host.server.url}/files?path=/etc/passwd`, { headers: token })).status).toBe(401);
    expect((await fetch(`${host.server.url}/envs`, { headers: token })).status).toBe(401);
  }
  expect((await other.commands.run('echo ok')).stdout).toBe('ok\n');
  await other.kill();
});

test('a closed port and a missing sandbox are told apart', async () => {
  const headers = dataPlaneHeaders(sandbox);
  const closed = await fetch(`${host.server.url}/health`, {
    headers: { ...headers, 'e2b-sandbox-port': '3000' },
  });
  expect(closed.status).toBe(502);
  expect(await closed.json()).toMatchObject({
    message: 'The sandbox is running but port is not open',
    port: 3000,
  });
  const missing = await fetch(`${host.server.url}/health`, { headers: { 'e2b-sandbox-id': 'inone' } });
  expect(await missing.json()).toEqual({
    sandboxId: 'inone',
    message: 'The sandbox was not found',
    code: 502,
  });
  expect((await fetch(`${host.server.url}/health`, { headers })).status).toBe(204);
});

test('bodies that are too large or no JSON are refused, and the server lives on', async () => {
  const key = { 'x-api-key': host.sdk.apiKey };
  const giant = await post('/v2/sandboxes', JSON.stringify({ templateID: 'x'.repeat(5_000_000) }), key);
  expect(giant.status).toBe(413);
  expect(await giant.json()).toMatchObject({ code: 413 });
  for (const body of ['{', '[]', 'null', '"text"', '{"templateID":"base","metadata":{"a":1}}']) {
    const reply = await post('/v2/sandboxes', body, key);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ code: 400, message: expect.any(String) });
  }
  expect((await post('/process.Process/List', '{', dataPlaneHeaders(sandbox))).status).toBe(400);
  expect((await post('/process.Process/Nope', '{}', dataPlaneHeaders(sandbox))).status).toBe(501);
  expect((await post('/process.Process/constructor', '{}', dataPlaneHeaders(sandbox))).status).toBe(501);
  expect((await fetch(`${host.server.url}/sandboxes/%E0%A4%A`, { headers: key })).status).toBe(400);
  expect((await fetch(`${host.server.url}/nowhere`, { headers: key })).status).toBe(404);
});

test('broken envelopes end the stream with an error, not the server', async () => {
  const good = envelope('{"process":{"cmd":"/bin/true"}}');
  const tooLong = Uint8Array.from(good, (byte, at) => (at === 1 ? 0xff : byte));
  const compressed = Uint8Array.from(good, (byte, at) => (at === 0 ? 1 : byte));
  const bodies = [
    new Uint8Array(0),
    new Uint8Array(3),
    tooLong,
    compressed,
    envelope('{'),
    envelope('{"process":7}'),
  ];
  for (const body of bodies) expect(await streamError(body)).toBe('invalid_argument');
  const nul = envelope(JSON.stringify({ process: { cmd: '/bin/sh', args: ['-c', 'echo \0'] } }));
  expect(await streamError(nul)).toBe('invalid_argument');
  const name = envelope(JSON.stringify({ process: { cmd: '/bin/sh', envs: { 'A=B': 'c' } } }));
  expect(await streamError(name)).toBe('invalid_argument');
});

test('paths that try to leave the box end inside it', async () => {
  for (const path of ['../../../../../../etc/passwd', '/../../etc/passwd', '/home/user/../../etc/passwd'])
    expect(await sandbox.files.read(path)).toBe(await sandbox.files.read('/etc/passwd'));
  await expect(sandbox.files.read('/etc/shadow\0.txt')).rejects.toThrow('NUL');
  await expect(sandbox.files.read('/proc/self/environ')).rejects.toThrow('EACCES');
  await expect(sandbox.files.write('/proc/self/oom_score_adj', '0')).rejects.toThrow('EACCES');
  await expect(sandbox.files.read('x'.repeat(5000))).rejects.toThrow('ENAMETOOLONG');
  await expect(sandbox.files.write('d/'.repeat(3000) + 'x', '')).rejects.toThrow('ENAMETOOLONG');
});

test('an upload that breaks off leaves the server and the sandbox as they were', async () => {
  const socket = connect(host.server.port, '127.0.0.1');
  const headers = Object.entries(dataPlaneHeaders(sandbox)).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.write(
    `POST /files?path=broken HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n` +
      `content-length: 1000000\r\n${headers.join('')}\r\nonly this`,
  );
  await sandbox.commands.run('until [ -s broken ]; do sleep 0.05; done');
  socket.destroy();
  await once(socket, 'close');
  expect(await sandbox.files.read('broken')).toBe('only this');
});

function post(path: string, body: string, headers: Record<string, string>): Promise<Response> {
  const type = { 'content-type': 'application/json' };
  return fetch(host.server.url + path, { method: 'POST', headers: { ...type, ...headers }, body });
}

async function streamError(body: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const reply = await fetch(`${host.server.url}/process.Process/Start`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json', ...dataPlaneHeaders(sandbox) },
    body,
  });
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const end: { error?: { code: string } } = JSON.parse(Buffer.from(bytes.subarray(5)).toString());
  return end.error?.code;
}
