import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('output is heard as it comes, each stream by its own listener, slow ones too', async () => {
  const heard = { out: '', err: '' };
  const hear = (from: 'out' | 'err') => async (text: string) => {
    await new Promise(setImmediate);
    heard[from] += text;
  };
  const handle = await sandbox.commands.run('echo 1; echo 2 >&2; read x; echo 3', {
    background: true,
    stdin: true,
    onStdout: hear('out'),
    onStderr: hear('err'),
  });
  await expect.poll(() => heard).toEqual({ out: '1\n', err: '2\n' });
  await handle.sendStdin('\n');
  expect(await handle.wait()).toMatchObject({ stdout: '1\n3\n', stderr: '2\n' });
  expect(heard).toEqual({ out: '1\n3\n', err: '2\n' });
});

test('a handle tells what it has heard so far, and nothing of an end that is not there yet', async () => {
  const handle = await sandbox.commands.run('echo first; read line; echo "$line"; exit 4', {
    background: true,
    stdin: true,
  });
  await expect.poll(() => handle.stdout).toBe('first\n');
  expect([handle.exitCode, handle.error]).toEqual([undefined, undefined]);
  await handle.sendStdin('second\n');
  await expect(handle.wait()).rejects.toMatchObject({ exitCode: 4, stdout: 'first\nsecond\n' });
  expect([handle.exitCode, handle.stderr]).toEqual([4, '']);
});

test('a command without a time-out of its own runs until it is done', async () => {
  const { stdout } = await sandbox.commands.run('sleep 0.2; echo done', {
    timeoutMs: 0,
    requestTimeoutMs: 0,
  });
  expect(stdout).toBe('done\n');
});

test('the list shows what runs: command, folder, variables', async () => {
  const handle = await sandbox.commands.run('exec sleep 100', {
    background: true,
    cwd: '/tmp',
    envs: { A: 'b' },
  });
  const listed = await sandbox.commands.list();
  expect(listed.find(({ pid }) => pid === handle.pid)).toEqual({
    pid: handle.pid,
    cmd: '/bin/bash',
    args: ['-l', '-c', 'exec sleep 100'],
    cwd: '/tmp',
    envs: { A: 'b' },
    tag: undefined,
  });
  expect(await sandbox.commands.kill(handle.pid)).toBe(true);
  await expect(handle.wait()).rejects.toThrow('signal: killed');
  expect(await sandbox.commands.kill(handle.pid)).toBe(false);
});

test('stdin is closed by pid, and text of any length and alphabet arrives', async () => {
  const handle = await sandbox.commands.run('cat | sha256sum', { background: true, stdin: true });
  const text = 'zwölf Boxkämpfer 🥊\n'.repeat(20_000);
  await sandbox.commands.sendStdin(handle.pid, text);
  await sandbox.commands.closeStdin(handle.pid);
  await sandbox.files.write('same', text);
  const { stdout } = await sandbox.commands.run('sha256sum < same');
  expect((await handle.wait()).stdout).toBe(stdout);
});

test('a hundred commands at once each get their own output', async () => {
  const outputs = await Promise.all(
    Array.from({ length: 100 }, async (_, at) => (await sandbox.commands.run(`echo ${at}`)).stdout),
  );
  expect(outputs).toEqual(Array.from({ length: 100 }, (_, at) => `${at}\n`));
});
