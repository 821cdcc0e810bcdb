import { EventEmitter, once } from 'node:events';
import { AuthenticationError, CommandExitError, InvalidArgumentError, Sandbox, TimeoutError } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, envelope, startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create({ ...host.sdk, envs: { FROM: 'sandbox', BOTH: 'sandbox' } });
});
afterAll(() => host.close());

test('a command gives its output and status', async () => {
  const result = await sandbox.commands.run('echo out; echo err >&2');
  expect(result).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
});

test('a failing command throws its status and output', async () => {
  const error = await failure(sandbox.commands.run('echo so far; exit 7'));
  expect(error).toMatchObject({ exitCode: 7, stdout: 'so far\n', message: 'exit status 7' });
});

test('a command that dies of a signal says which', async () => {
  expect(await failure(sandbox.commands.run('kill -SEGV $$'))).toMatchObject({
    exitCode: -1,
    message: 'signal: segmentation fault',
  });
});

test('the environment is the user’s, under the sandbox’s, under the request’s', async () => {
  const { stdout } = await sandbox.commands.run('echo $HOME $USER $LOGNAME $FROM $BOTH; pwd', {
    envs: { BOTH: 'request' },
  });
  expect(stdout).toBe('/home/user user user sandbox request\n/home/user\n');
});

test('cwd is where it runs, relative to home; one that is missing is named', async () => {
  await sandbox.files.write('/home/user/place/file', '');
  expect((await sandbox.commands.run('pwd', { cwd: 'place' })).stdout).toBe('/home/user/place\n');
  expect((await sandbox.commands.run('pwd', { cwd: '/tmp' })).stdout).toBe('/tmp\n');
  const missing = sandbox.commands.run('pwd', { cwd: '/no/such' });
  await expect(missing).rejects.toThrow(InvalidArgumentError);
  await expect(missing).rejects.toThrow("cwd '/no/such' does not exist");
  await expect(sandbox.commands.run('pwd', { cwd: 'place/file' })).rejects.toThrow('not a directory');
});

test('an unknown user is refused', async () => {
  await expect(sandbox.commands.run('id', { user: 'nobody-we-know' })).rejects.toThrow(AuthenticationError);
});

test('a command in the background is fed, listed, joined and ended by its input', async () => {
  const first = await sandbox.commands.run('cat; echo done', { background: true, stdin: true });
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(first.pid);
  const [echoed, hear] = signal();
  const second = await sandbox.commands.connect(first.pid, { onStdout: hear });
  await first.sendStdin('hello\n');
  await echoed;
  await first.closeStdin();
  expect((await second.wait()).stdout).toBe('hello\ndone\n');
  expect((await first.wait()).stdout).toBe('hello\ndone\n');
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).not.toContain(first.pid);
});

test('a process that has ended still tells how to who joins late', async () => {
  const handle = await sandbox.commands.run('exit 5', { background: true });
  await failure(handle.wait());
  const late = await sandbox.commands.connect(handle.pid);
  expect(await failure(late.wait())).toMatchObject({ exitCode: 5 });
});

test('input to a command without stdin is refused', async () => {
  const handle = await sandbox.commands.run('sleep 100', { background: true });
  await expect(handle.sendStdin('x')).rejects.toThrow('stdin of the process is not open');
  await handle.kill();
});

test('kill ends a command at once, even when a child holds its output', async () => {
  const [isUp, up] = signal();
  const handle = await sandbox.commands.run('sleep 100 & echo up; wait', { background: true, onStdout: up });
  await isUp;
  expect(await handle.kill()).toBe(true);
  expect(await failure(handle.wait())).toMatchObject({ exitCode: -1, message: 'signal: killed' });
  expect(await handle.kill()).toBe(false);
  expect(await sandbox.commands.kill(999_999)).toBe(false);
});

test('a command that ignores SIGTERM dies at its time-out', async () => {
  const run = sandbox.commands.run('trap "" TERM; while :; do sleep 1; done', { timeoutMs: 300 });
  await expect(run).rejects.toThrow(TimeoutError);
  await expect(run).rejects.toThrow('deadline_exceeded');
  for (const { pid, args } of await sandbox.commands.list())
    if (args.join(' ').includes('trap')) await failure((await sandbox.commands.connect(pid)).wait());
  const left = await sandbox.commands.list();
  expect(left.filter(({ args }) => args.join(' ').includes('trap'))).toEqual([]);
});

test('a command outlives the connection that started it', async () => {
  const handle = await sandbox.commands.run('read line; echo "$line" > /tmp/kept', {
    background: true,
    stdin: true,
  });
  await handle.disconnect();
  const again = await sandbox.commands.connect(handle.pid);
  await again.sendStdin('still here\n');
  await again.wait();
  expect(await sandbox.files.read('/tmp/kept')).toBe('still here\n');
});

test('output of 200 KB in pieces and of 20 MB at once arrives whole', async () => {
  const pieces = await sandbox.commands.run(
    'for i in $(seq 1 200); do head -c 1024 /dev/zero | tr "\\0" y; done',
  );
  expect(pieces.stdout).toBe('y'.repeat(200 * 1024));
  const flood = await sandbox.commands.run('head -c 20000000 /dev/zero | tr "\\0" x; echo end >&2');
  expect(flood.stdout).toHaveLength(20_000_000);
  expect(flood.stderr).toBe('end\n');
});

test('text cut inside a character by a chunk’s end arrives whole', async () => {
  const { stdout } = await sandbox.commands.run('printf x; for i in $(seq 1 30000); do printf "äöü€"; done');
  expect(stdout).toBe('x' + 'äöü€'.repeat(30_000));
});

test('output that nobody hears is dropped and stops nothing', async () => {
  const script = 'read go; head -c 50000000 /dev/zero; echo over > /tmp/over; read go';
  const handle = await sandbox.commands.run(script, { background: true, stdin: true });
  await handle.disconnect();
  await sandbox.commands.sendStdin(handle.pid, '\n');
  const seen = await sandbox.commands.run('until [ -s /tmp/over ]; do sleep 0.05; done; cat /tmp/over');
  expect(seen.stdout).toBe('over\n');
  await sandbox.commands.kill(handle.pid);
});

test('a reader that stops reading stops the process, not the server’s memory', async () => {
  const before = process.memoryUsage().rss;
  const held = await fetchStream('exec head -c 2000000000 /dev/zero');
  const reader = held.body?.getReader();
  await reader?.read();
  const running = await sandbox.commands.list();
  const pid = running.find(({ args }) => args.join(' ').includes('exec head'))?.pid;
  const written = `grep wchar /proc/${pid}/io`;
  await sandbox.commands.run(
    `b=$(${written}); until [ "$a" = "$b" ]; do a=$b; sleep 0.3; b=$(${written}); done`,
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
  await reader?.cancel();
  expect(await sandbox.commands.kill(pid ?? 0)).toBe(true);
});

async function failure(run: Promise<unknown>): Promise<CommandExitError> {
  const error: unknown = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CommandExitError)) throw new Error('expected a CommandExitError', { cause: error });
  return error;
}

function signal(): [Promise<void>, () => void] {
  const sent = new EventEmitter();
  return [once(sent, 'now').then(() => undefined), () => sent.emit('now')];
}

/** A command's raw stream: the SDK reads on by itself. */
function fetchStream(script: string): Promise<Response> {
  const json = JSON.stringify({ process: { cmd: '/bin/bash', args: ['-c', script] }, stdin: false });
  return fetch(`${host.server.url}/process.Process/Start`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json', ...dataPlaneHeaders(sandbox) },
    body: envelope(json),
  });
}
