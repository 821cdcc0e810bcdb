import {
  CommandExitError,
  NotEnoughSpaceError,
  RateLimitError,
  Sandbox,
  SandboxError,
  SandboxNotFoundError,
} from 'e2b';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { playFaults } from '../ask-admin.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());
afterEach(() => playFaults(host));

test.each([
  [502, SandboxNotFoundError],
  [500, SandboxError],
  [429, SandboxNotFoundError],
])('a command whose start is answered with %s is what the SDK makes of it', async (status, kind) => {
  await playFaults(host, { do: 'answer', on: 'start', status });
  await expect(sandbox.commands.run('true')).rejects.toThrow(kind);
});

test('a command stream is cut after a time, though the command runs on', async () => {
  await playFaults(host, { do: 'cut', on: 'start', afterMs: 1000 });
  const command = await sandbox.commands.run('echo started; sleep 100', { background: true });
  await expect(command.wait()).rejects.toThrow('terminated');
  expect(command.stdout).toBe('started\n');
  await playFaults(host);
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(command.pid);
  expect(await sandbox.commands.kill(command.pid)).toBe(true);
});

test('a command stream is cut after so many bytes', async () => {
  await playFaults(host, { do: 'cut', on: 'start', afterBytes: 50_000 });
  let heard = 0;
  const run = sandbox.commands.run('head -c 1M /dev/zero', {
    onStdout: (text) => void (heard += text.length),
  });
  await expect(run).rejects.toThrow('terminated');
  expect(heard).toBeLessThan(50_000);
  expect((await sandbox.commands.run('echo short')).stdout).toBe('short\n');
});

test('a command whose answer is reset has been started all the same', async () => {
  await playFaults(host, { do: 'reset', on: 'start', when: 'after' });
  await expect(sandbox.commands.run('sleep 101')).rejects.toThrow(SandboxError);
  await playFaults(host);
  const left = (await sandbox.commands.list()).filter(({ args }) => args.includes('sleep 101'));
  expect(left).toHaveLength(1);
  await sandbox.commands.kill(left[0]?.pid ?? 0);
});

test('an exit status is not lost in a stream that is only slow', async () => {
  await playFaults(host, { do: 'delay', on: 'start', ms: [1, 50] });
  await expect(sandbox.commands.run('exit 3')).rejects.toThrow(CommandExitError);
});

test('files are refused, cut and reset', async () => {
  await sandbox.files.write('/home/user/big', 'x'.repeat(600_000));
  await playFaults(host, { do: 'answer', on: 'read', status: 429 });
  await expect(sandbox.files.read('/home/user/big')).rejects.toThrow(RateLimitError);
  await playFaults(host, { do: 'answer', on: 'write', status: 507 });
  await expect(sandbox.files.write('/home/user/a', 'a')).rejects.toThrow(NotEnoughSpaceError);
  await playFaults(host, { do: 'cut', on: 'read', afterBytes: 1000 });
  await expect(sandbox.files.read('/home/user/big')).rejects.toThrow('terminated');
  await playFaults(host, { do: 'reset', on: 'write' });
  await expect(sandbox.files.write('/home/user/a', 'a')).rejects.toThrow('fetch failed');
  await playFaults(host);
  expect(await sandbox.files.exists('/home/user/a')).toBe(false);
});

test.each([
  ['list', () => Sandbox.list(host.sdk).nextItems()],
  ['info', () => sandbox.getInfo()],
  ['timeout', () => sandbox.setTimeout(3_600_000)],
  ['connect', () => Sandbox.connect(sandbox.sandboxId, host.sdk)],
  ['network', () => sandbox.updateNetwork({ allowInternetAccess: false })],
  ['metrics', () => sandbox.getMetrics()],
  ['destroy', () => sandbox.kill()],
  ['filesystem', () => sandbox.files.list('/')],
  ['process', () => sandbox.commands.list()],
  ['health', () => sandbox.isRunning()],
  ['any', () => sandbox.getInfo()],
])('%s can be refused, and only that', async (on, ask) => {
  await playFaults(host, { do: 'answer', on, status: 500 });
  await expect(ask()).rejects.toThrow(/500|internal/);
  await playFaults(host, { do: 'answer', on: 'snapshot', status: 500 });
  if (on !== 'destroy') await ask();
  expect(await sandbox.isRunning()).toBe(true);
});
