import { Sandbox as CodeInterpreter } from '@e2b/code-interpreter';
import { RateLimitError, Sandbox, SandboxNotFoundError } from 'e2b';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataPlaneHeaders, startTestServer, type TestServer } from '../start-test-server.ts';
import { readCount, startCounter } from './count-inside.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());

test('a sandbox that asked for it is paused at its end instead of dying', async () => {
  const lifecycle = { onTimeout: 'pause' } as const;
  const sandbox = await Sandbox.create({ ...host.sdk, timeoutMs: 1000, lifecycle, metadata: { run: 'end' } });
  expect(await sandbox.getInfo()).toMatchObject({ lifecycle: { onTimeout: 'pause', autoResume: false } });
  await sandbox.files.write('kept', 'still here');
  await expect.poll(() => listed('end', ['paused'])).toEqual([sandbox.sandboxId]);
  expect(await listed('end', ['running'])).toEqual([]);
  expect(await listed('end')).toEqual([sandbox.sandboxId]);
  await expect(sandbox.commands.run('true')).rejects.toThrow(SandboxNotFoundError);
  await expect(sandbox.setTimeout(60_000)).rejects.toThrow(SandboxNotFoundError);
  await Sandbox.connect(sandbox.sandboxId, { ...host.sdk, timeoutMs: 60_000 });
  const { startedAt, endAt } = await sandbox.getInfo();
  expect(endAt.getTime() - startedAt.getTime()).toBe(60_000);
  expect(await sandbox.files.read('kept')).toBe('still here');
  await sandbox.kill();
});

describe('a sandbox with auto-resume', () => {
  const lifecycle = { onTimeout: 'pause', autoResume: true } as const;

  test.each<[string, (sandbox: CodeInterpreter) => Promise<unknown>]>([
    ['a command', (sandbox) => sandbox.commands.run('true')],
    ['a file', (sandbox) => sandbox.files.read('kept')],
    ['many requests at once', (sandbox) => Promise.all([1, 2, 3, 4].map(() => sandbox.files.read('kept')))],
    ['a signed URL', async (sandbox) => fetch(await sandbox.downloadUrl('kept'))],
    ['code to run', (sandbox) => sandbox.runCode('echo awake', { language: 'bash' })],
  ])('is woken by %s, for five minutes at least', async (_what, act) => {
    const sandbox = await CodeInterpreter.create({ ...host.sdk, timeoutMs: 60_000, lifecycle });
    await sandbox.files.write('kept', 'still here');
    await startCounter(sandbox);
    await sandbox.pause();
    await act(sandbox);
    const { state, startedAt, endAt } = await sandbox.getInfo();
    expect({ state, lifeMs: endAt.getTime() - startedAt.getTime() }).toEqual({
      state: 'running',
      lifeMs: 300_000,
    });
    const first = await readCount(sandbox);
    await expect.poll(() => readCount(sandbox)).toBeGreaterThan(first);
    await sandbox.kill();
  });

  test('is woken for its own time-out where that is longer', async () => {
    const sandbox = await Sandbox.create({ ...host.sdk, timeoutMs: 600_000, lifecycle });
    await sandbox.pause();
    await sandbox.commands.run('true');
    const { startedAt, endAt } = await sandbox.getInfo();
    expect(endAt.getTime() - startedAt.getTime()).toBe(600_000);
    await sandbox.kill();
  });

  test('sleeps on when the request has no token, asks for its health, or its memory is gone', async () => {
    const sandbox = await Sandbox.create({ ...host.sdk, lifecycle });
    await sandbox.pause();
    const stranger = { ...dataPlaneHeaders(sandbox), 'x-access-token': 'guess' };
    expect((await fetch(`${host.server.url}/envs`, { headers: stranger })).status).toBe(401);
    expect(await sandbox.isRunning()).toBe(false);
    expect(await sandbox.getInfo()).toMatchObject({ state: 'paused' });
    await Sandbox.connect(sandbox.sandboxId, host.sdk);
    await sandbox.pause({ keepMemory: false });
    await expect(sandbox.commands.run('true')).rejects.toThrow(SandboxNotFoundError);
    await sandbox.kill();
  });
});

test('a pause frees a place, and going on needs one', async () => {
  const small = await startTestServer({ maxSandboxes: 1 });
  try {
    const lifecycle = { onTimeout: 'pause', autoResume: true } as const;
    const first = await Sandbox.create({ ...small.sdk, lifecycle });
    await expect(Sandbox.create(small.sdk)).rejects.toThrow(RateLimitError);
    await first.pause();
    const second = await Sandbox.create(small.sdk);
    await expect(Sandbox.connect(first.sandboxId, small.sdk)).rejects.toThrow(RateLimitError);
    await expect(first.files.read('nothing')).rejects.toThrow(RateLimitError);
    await second.pause();
    // Requests that come at once wake it once.
    expect(await Promise.all([1, 2, 3, 4].map(() => first.files.exists('nothing')))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    await expect(Sandbox.create(small.sdk)).rejects.toThrow(RateLimitError);
    await second.kill();
    await first.kill();
    await Sandbox.create(small.sdk);
  } finally {
    await small.close();
  }
});

test('a server keeps only so many paused sandboxes, and says so', async () => {
  const small = await startTestServer({}, 1);
  try {
    const [kept, refused] = [await Sandbox.create(small.sdk), await Sandbox.create(small.sdk)];
    await kept.pause();
    await expect(refused.pause()).rejects.toThrow('at most 1 paused sandboxes');
    expect(await refused.isRunning()).toBe(true);
    await kept.kill();
    expect(await refused.pause()).toBe(true);
  } finally {
    await small.close();
  }
});

async function listed(run: string, state?: Array<'running' | 'paused'>): Promise<string[]> {
  const query = { metadata: { run }, ...(state && { state }) };
  return (await Sandbox.list({ ...host.sdk, query }).nextItems()).map(({ sandboxId }) => sandboxId);
}
