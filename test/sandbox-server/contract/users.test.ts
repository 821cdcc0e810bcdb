import { AuthenticationError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../envd/ask.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create({ ...host.sdk, envs: { COLOUR: 'blue', E2B_SANDBOX: 'no' } });
});
afterAll(() => host.close());

test('root has a home, a name and files of its own, though no more power than the user', async () => {
  const asRoot = { user: 'root' } as const;
  expect((await sandbox.commands.run('echo $USER $HOME; id -u', asRoot)).stdout).toBe('root /root\n1000\n');
  await sandbox.files.write('notes', 'of root', asRoot);
  expect((await sandbox.commands.run('cat ~/notes; cat /root/notes', asRoot)).stdout).toBe('of rootof root');
  expect(await sandbox.files.read('notes', asRoot)).toBe('of root');
  expect(await sandbox.files.getInfo('notes', asRoot)).toMatchObject({ path: '/root/notes' });
  await expect(sandbox.commands.run('touch /etc/mine', asRoot)).rejects.toThrow('exit status 1');
  await sandbox.files.remove('notes', asRoot);
});

test('nobody else is known, to commands or files, and who names nobody is the user', async () => {
  const asNobody = { user: 'nobody-we-know' } as const;
  for (const act of [
    () => sandbox.commands.run('id', asNobody),
    () => sandbox.files.read('/etc/hosts', asNobody),
    () => sandbox.files.write('x', '', asNobody),
    () => sandbox.files.list('/', asNobody),
    () => sandbox.files.makeDir('y', asNobody),
    () => sandbox.files.exists('/etc/hosts', asNobody),
  ])
    await expect(act()).rejects.toThrow(AuthenticationError);
  // Another scheme names nobody.
  const headers = { authorization: 'Bearer key', 'content-type': 'application/json' };
  const stat = { method: 'POST', headers, body: '{"path":"/etc/hosts"}' };
  expect((await ask(host, sandbox, '/filesystem.Filesystem/Stat', stat)).status).toBe(200);
  const signed = await sandbox.downloadUrl('/etc/hosts', asNobody);
  expect((await fetch(signed)).status).toBe(401);
});

test('processes know the sandbox they run in, whatever it was told at its creation', async () => {
  const variables = {
    COLOUR: 'blue',
    E2B_SANDBOX: 'true',
    E2B_SANDBOX_ID: sandbox.sandboxId,
    E2B_TEMPLATE_ID: 'base',
  };
  expect((await ask(host, sandbox, '/envs')).json).toEqual(variables);
  const { stdout } = await sandbox.commands.run('env', { envs: { COLOUR: 'red' } });
  expect(stdout.split('\n')).toEqual(
    expect.arrayContaining(
      Object.entries({ ...variables, COLOUR: 'red' }).map(([key, value]) => `${key}=${value}`),
    ),
  );
});
