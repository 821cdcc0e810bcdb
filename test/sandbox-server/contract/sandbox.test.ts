import {
  E2B,
  Sandbox,
  SandboxError,
  SandboxNotFoundError,
  Secret,
  SecretError,
  Volume,
  VolumeError,
} from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create({ ...host.sdk, metadata: { for: 'the contract' } });
});
afterAll(() => host.close());

test('what a sandbox can be asked, its class can be asked by id', async () => {
  const other = await Sandbox.create(host.sdk);
  const id = other.sandboxId;
  expect(await Sandbox.getInfo(id, host.sdk)).toEqual(await other.getInfo());
  const before = await Sandbox.getInfo(id, host.sdk);
  await Sandbox.setTimeout(id, 900_000, host.sdk);
  const after = await Sandbox.getInfo(id, host.sdk);
  expect(after.endAt.getTime() - before.endAt.getTime()).toBeGreaterThanOrEqual(600_000);
  expect((await Sandbox.getMetrics(id, host.sdk)).length).toBeGreaterThan(0);
  expect(await Sandbox.kill(id, host.sdk)).toBe(true);
  expect(await Sandbox.kill(id, host.sdk)).toBe(false);
  await expect(Sandbox.setTimeout(id, 1000, host.sdk)).rejects.toThrow(SandboxNotFoundError);
});

test('a client that is bound to the server once needs no more options', async () => {
  const client = new E2B(host.sdk);
  const made = await client.Sandbox.create({ allowInternetAccess: false });
  const same = await client.Sandbox.connect(made.sandboxId);
  expect((await same.commands.run('echo bound')).stdout).toBe('bound\n');
  const listed = await client.Sandbox.list({ query: { metadata: { for: 'the contract' } } }).nextItems();
  expect(listed.map(({ sandboxId }) => sandboxId)).toEqual([sandbox.sandboxId]);
  await made.kill();
});

test('a sandbox connects itself anew, and says what its ports would be called', async () => {
  expect((await sandbox.connect({ timeoutMs: 900_000 })).sandboxId).toBe(sandbox.sandboxId);
  expect(sandbox.getHost(3000)).toBe(`3000-${sandbox.sandboxId}.e2b.app`);
});

test('URLs are signed for a user, for ever unless told otherwise, and one for reading does not write', async () => {
  await sandbox.files.write('/home/user/signed', 'text');
  const read = await sandbox.downloadUrl('signed', { user: 'user' });
  expect(await (await fetch(read)).text()).toBe('text');
  const body = new Blob(['other'], { type: 'application/octet-stream' });
  expect((await fetch(read, { method: 'POST', body })).status).toBe(401);
  expect((await fetch(read.replace('username=user', 'username=root'))).status).toBe(401);
  const write = await sandbox.uploadUrl('signed', { user: 'user' });
  expect((await fetch(write, { method: 'POST', body })).status).toBe(200);
  expect(await sandbox.files.read('signed')).toBe('other');
});

test('an upload URL without a path takes the names of the form', async () => {
  const form = new FormData();
  form.append('file', new Blob(['by name']), '/home/user/named');
  expect((await fetch(await sandbox.uploadUrl(), { method: 'POST', body: form })).status).toBe(200);
  expect(await sandbox.files.read('named')).toBe('by name');
});

test('a call that is called off ends at once, and the sandbox lives on', async () => {
  const stop = new AbortController();
  const running = sandbox.commands.run('sleep 100', { signal: stop.signal, onStdout: () => {} });
  running.catch(() => {});
  stop.abort();
  await expect(running).rejects.toThrow('canceled');
  expect((await sandbox.commands.run('echo alive')).stdout).toBe('alive\n');
});

test('volumes and secrets say that they are not served, and what to use', async () => {
  const words = 'this server has no volumes: upload what sandboxes share';
  await expect(Volume.create('data', host.sdk)).rejects.toThrow(words);
  await expect(Volume.list(host.sdk)).rejects.toThrow(VolumeError);
  await expect(Secret.create('key', 'value', { ...host.sdk })).rejects.toThrow('this server has no secrets');
  await expect(Secret.list(host.sdk).nextItems()).rejects.toThrow(SecretError);
  await expect(Sandbox.create({ ...host.sdk, mcp: {} })).rejects.toThrow(SandboxError);
});
