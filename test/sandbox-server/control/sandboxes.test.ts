import { AuthenticationError, RateLimitError, Sandbox, SandboxNotFoundError } from 'e2b';
import { Sandbox as CodeInterpreter } from '@e2b/code-interpreter';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS, startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());

test('a sandbox is created, listed, described and killed', async () => {
  const sandbox = await Sandbox.create({ ...host.sdk, metadata: { run: 'a' } });
  expect(sandbox.sandboxId).toMatch(/^i[a-z0-9]{20}$/);
  const info = await sandbox.getInfo();
  expect(info).toMatchObject({
    sandboxId: sandbox.sandboxId,
    metadata: { run: 'a' },
    state: 'running',
    memoryMB: LIMITS.memoryMb,
  });
  expect(info.endAt.getTime() - info.startedAt.getTime()).toBe(300_000);
  expect(await listIds({ run: 'a' })).toEqual([sandbox.sandboxId]);
  expect(await sandbox.isRunning()).toBe(true);
  expect(await sandbox.kill()).toBe(true);
  expect(await sandbox.kill()).toBe(false);
  expect(await listIds({ run: 'a' })).toEqual([]);
  expect(await sandbox.isRunning()).toBe(false);
  await expect(sandbox.getInfo()).rejects.toThrow(SandboxNotFoundError);
});

test('the code interpreter SDK gets a sandbox with its own default template', async () => {
  const sandbox = await CodeInterpreter.create(host.sdk);
  expect((await sandbox.commands.run('echo $((6 * 7))')).stdout).toBe('42\n');
  await sandbox.kill();
});

test('an older SDK, on the paths before /v2, gets the same', async () => {
  const created = await api('POST', '/sandboxes', {
    templateID: 'base',
    timeout: 60,
    allow_internet_access: true,
  });
  expect(created.status).toBe(201);
  const { sandboxID }: { sandboxID: string } = JSON.parse(await created.text());
  expect((await api('POST', `/sandboxes/${sandboxID}/connect`, { timeout: 60 })).status).toBe(200);
  expect((await api('DELETE', `/sandboxes/${sandboxID}`)).status).toBe(204);
});

test('another process connects to a sandbox by its id', async () => {
  const sandbox = await Sandbox.create({ ...host.sdk, envs: { COLOUR: 'blue' } });
  const same = await Sandbox.connect(sandbox.sandboxId, host.sdk);
  expect((await same.commands.run('echo $COLOUR')).stdout).toBe('blue\n');
  await sandbox.kill();
  await expect(Sandbox.connect(sandbox.sandboxId, host.sdk)).rejects.toThrow(SandboxNotFoundError);
});

test('setTimeout moves the end both ways, connect only forward', async () => {
  const sandbox = await Sandbox.create({ ...host.sdk, timeoutMs: 60_000 });
  const endAt = async (): Promise<number> => (await sandbox.getInfo()).endAt.getTime();
  const first = await endAt();
  await sandbox.setTimeout(600_000);
  expect(await endAt()).toBeGreaterThan(first + 300_000);
  await sandbox.setTimeout(30_000);
  const short = await endAt();
  expect(short).toBeLessThan(first);
  await Sandbox.connect(sandbox.sandboxId, { ...host.sdk, timeoutMs: 1000 });
  expect(await endAt()).toBe(short);
  await Sandbox.connect(sandbox.sandboxId, { ...host.sdk, timeoutMs: 900_000 });
  expect(await endAt()).toBeGreaterThan(short + 600_000);
  await sandbox.kill();
  await expect(sandbox.setTimeout(1000)).rejects.toThrow(SandboxNotFoundError);
});

test('a sandbox dies at its end, and whoever waits for a command in it learns why', async () => {
  const sandbox = await Sandbox.create({ ...host.sdk, timeoutMs: 1000, metadata: { run: 'short' } });
  await expect(sandbox.commands.run('sleep 100')).rejects.toThrow('killed or reached its end of life');
  expect(await sandbox.isRunning()).toBe(false);
  expect(await listIds({ run: 'short' })).toEqual([]);
});

test('metadata filters match whole values, all of them, whatever characters they hold', async () => {
  const odd = { 'k 1': 'v&2=3', 'ü/%20': '+?#' };
  const [a, b] = await Promise.all([
    Sandbox.create({ ...host.sdk, metadata: { ...odd, batch: 'm' } }),
    Sandbox.create({ ...host.sdk, metadata: { batch: 'm' } }),
  ]);
  expect(await listIds(odd)).toEqual([a.sandboxId]);
  expect((await listIds({ batch: 'm' })).toSorted()).toEqual([a.sandboxId, b.sandboxId].toSorted());
  expect(await listIds({ batch: 'm', 'k 1': 'v' })).toEqual([]);
  expect(await listIds({ constructor: 'm' })).toEqual([]);
  await Promise.all([a.kill(), b.kill()]);
});

test('a listing comes in pages, newest first, and misses none', async () => {
  const metadata = { batch: 'pages' };
  const made = await Promise.all(Array.from({ length: 5 }, () => Sandbox.create({ ...host.sdk, metadata })));
  const pages = Sandbox.list({ ...host.sdk, query: { metadata }, limit: 2 });
  const seen = [];
  const sizes = [];
  while (pages.hasNext) {
    const page = await pages.nextItems();
    sizes.push(page.length);
    seen.push(...page);
  }
  expect(sizes).toEqual([2, 2, 1]);
  expect(seen.map(({ sandboxId }) => sandboxId).toSorted()).toEqual(
    made.map(({ sandboxId }) => sandboxId).toSorted(),
  );
  expect(seen.map(({ startedAt }) => startedAt.getTime())).toEqual(
    seen.map(({ startedAt }) => startedAt.getTime()).toSorted((x, y) => y - x),
  );
  const paused = Sandbox.list({ ...host.sdk, query: { metadata, state: ['paused'] } });
  expect(await paused.nextItems()).toEqual([]);
  await Promise.all(made.map((sandbox) => sandbox.kill()));
});

test('above the limit create is refused in E2B’s words, and a kill makes room', async () => {
  const small = await startTestServer({ maxSandboxes: 2 });
  try {
    const created = await Promise.allSettled([1, 2, 3].map(() => Sandbox.create(small.sdk)));
    const refused = created.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toBeInstanceOf(RateLimitError);
    expect(String(refused[0]?.reason)).toContain('maximum number of concurrent E2B sandboxes (2)');
    await created.find((one) => one.status === 'fulfilled')?.value.kill();
    await Sandbox.create(small.sdk);
  } finally {
    await small.close();
  }
});

test('a wrong or missing key opens nothing', async () => {
  await expect(Sandbox.create({ ...host.sdk, apiKey: 'guess' })).rejects.toThrow(AuthenticationError);
  const reply = await fetch(`${host.server.url}/v2/sandboxes`);
  expect(reply.status).toBe(401);
  expect(await reply.json()).toMatchObject({ code: 401 });
});

test('unknown templates and times that cannot be are refused', async () => {
  await expect(Sandbox.create('nope', host.sdk)).rejects.toThrow("404: template 'nope' not found");
  await expect(Sandbox.create({ ...host.sdk, timeoutMs: 25 * 3_600_000 })).rejects.toThrow('24 hours');
  expect((await api('POST', '/v2/sandboxes', { templateID: 'base', timeout: 0 })).status).toBe(400);
  expect((await api('POST', '/v2/sandboxes', { templateID: 7 })).status).toBe(400);
});

test('a sandbox without internet reaches nothing, and its network can be taken later', async () => {
  const sandbox = await Sandbox.create({ ...host.sdk, allowInternetAccess: false });
  expect(await sandbox.getInfo()).toMatchObject({ allowInternetAccess: false });
  await sandbox.updateNetwork({ allowInternetAccess: false });
  await sandbox.kill();
});

test('health says what walls and sandboxes there are to whoever asks', async () => {
  const reply = await fetch(`${host.server.url}/health?verbose`);
  expect(await reply.json()).toMatchObject({
    sandboxes: { running: expect.any(Number) },
    limits: LIMITS,
    wall: { facts: expect.any(Array) },
  });
  expect((await fetch(`${host.server.url}/health`)).status).toBe(204);
});

async function listIds(metadata: Record<string, string>): Promise<string[]> {
  const page = await Sandbox.list({ ...host.sdk, query: { metadata } }).nextItems();
  return page.map(({ sandboxId }) => sandboxId);
}

function api(method: string, path: string, body?: object): Promise<Response> {
  return fetch(host.server.url + path, {
    method,
    headers: { 'x-api-key': host.sdk.apiKey, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
