import { setTimeout as wait } from 'node:timers/promises';
import { Sandbox, SandboxNotFoundError } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { readCount, startCounter, startUntil } from './count-inside.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());

test('a paused sandbox stands still, keeps files and processes, and goes on when it is connected', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  const counter = await startCounter(sandbox);
  expect(await sandbox.pause()).toBe(true);
  expect(await sandbox.pause()).toBe(false);
  expect(await sandbox.isRunning()).toBe(false);
  expect(await sandbox.getInfo()).toMatchObject({ state: 'paused' });
  expect((await connect(sandbox)).status).toBe(201);
  const first = await readCount(sandbox);
  await expect.poll(() => readCount(sandbox)).toBeGreaterThan(first);
  expect(await sandbox.getInfo()).toMatchObject({ state: 'running' });
  expect((await connect(sandbox)).status).toBe(200);
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toEqual([counter.pid]);
  await sandbox.kill();
});

test('a process counts nothing while its sandbox is paused', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  const clock =
    'while :; do read up _ < /proc/uptime; echo $up; done > times & sleep 0.2; echo started; wait';
  await startUntil(sandbox, clock, 'started');
  await sandbox.pause();
  await wait(1000);
  await Sandbox.connect(sandbox.sandboxId, host.sdk);
  const gaps = `awk 'NR > 1 && $1 - last > longest { longest = $1 - last } { last = $1 } END { print longest }' times`;
  await expect.poll(async () => Number((await sandbox.commands.run(gaps)).stdout)).toBeGreaterThan(0.9);
  await sandbox.kill();
});

test('without its memory a paused sandbox loses its processes and keeps its files', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await sandbox.files.write('kept', 'still here');
  await startCounter(sandbox);
  expect(await sandbox.pause({ keepMemory: false })).toBe(true);
  await Sandbox.connect(sandbox.sandboxId, host.sdk);
  expect(await sandbox.files.read('kept')).toBe('still here');
  expect(await processesOf(sandbox)).toEqual({ commands: [], all: 2 });
  await sandbox.kill();
});

test('a sandbox paused with its memory can be resumed without, as by a reboot', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await startCounter(sandbox);
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId, { ...host.sdk, onResume: 'reboot' });
  expect(await processesOf(sandbox)).toEqual({ commands: [], all: 2 });
  await sandbox.kill();
});

test('a pause cuts open streams, and what they listened to goes on after it', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  const command = await startUntil(
    sandbox,
    'echo ready; until [ -e go ]; do sleep 0.01; done; echo went',
    'ready',
  );
  const cut = command.wait().catch(String);
  await sandbox.pause();
  expect(await cut).toContain('killed or reached its end of life');
  await Sandbox.connect(sandbox.sandboxId, host.sdk);
  const again = await sandbox.commands.connect(command.pid);
  await sandbox.files.write('go', '');
  expect(await again.wait()).toMatchObject({ exitCode: 0, stdout: 'went\n' });
  await sandbox.kill();
});

test('the time of a pause does not count for the deadline of a command', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  const options = { background: true, timeoutMs: 2000 } as const;
  const sleeper = await sandbox.commands.run('sleep 1000', options);
  sleeper.wait().catch(() => {}); // the pause cuts it
  await sandbox.pause();
  await wait(2500);
  await Sandbox.connect(sandbox.sandboxId, host.sdk);
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toEqual([sleeper.pid]);
  await expect.poll(() => sandbox.commands.list(), { timeout: 10_000 }).toEqual([]);
  await sandbox.kill();
});

test('a paused sandbox can be killed, also while it is being paused or resumed', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await startCounter(sandbox);
  await sandbox.pause();
  expect(await sandbox.kill()).toBe(true);
  await expect(Sandbox.connect(sandbox.sandboxId, host.sdk)).rejects.toThrow(SandboxNotFoundError);
  await expect(sandbox.pause()).rejects.toThrow(SandboxNotFoundError);
  const hasty = await Sandbox.create(host.sdk);
  await startCounter(hasty);
  const ends = await Promise.allSettled([hasty.pause(), hasty.kill()]);
  expect(ends[1]).toEqual({ status: 'fulfilled', value: true });
  await expect(hasty.getInfo()).rejects.toThrow(SandboxNotFoundError);
});

test('an older client resumes by a request of its own, once', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await sandbox.pause();
  expect((await post(`/sandboxes/${sandbox.sandboxId}/resume`, { timeout: 60 })).status).toBe(201);
  expect((await post(`/sandboxes/${sandbox.sandboxId}/resume`, { timeout: 60 })).status).toBe(409);
  await sandbox.kill();
});

/** Its commands, and how many processes there are: its first one and the one that counts are always among them. */
async function processesOf(sandbox: Sandbox): Promise<{ commands: unknown[]; all: number }> {
  const commands = await sandbox.commands.list();
  const { stdout } = await sandbox.commands.run('set -- /proc/[0-9]*; echo $#');
  return { commands, all: Number(stdout) };
}

function connect(sandbox: Sandbox): Promise<Response> {
  return post(`/v2/sandboxes/${sandbox.sandboxId}/connect`, {});
}

function post(path: string, body: object): Promise<Response> {
  return fetch(host.server.url + path, {
    method: 'POST',
    headers: { 'x-api-key': host.sdk.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
