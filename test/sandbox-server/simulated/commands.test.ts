import { CommandExitError, Sandbox, TimeoutError } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulatedServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startSimulatedServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('a simulated command prints as much as it says over its time, and ends as it says', async () => {
  const pieces: string[] = [];
  const { exitCode, stdout, stderr } = await sandbox.commands
    .run('sim 0.5 exit 7 out 10k err 100', { onStdout: (text) => void pieces.push(text) })
    .catch((error: unknown) => (error instanceof CommandExitError ? error : Promise.reject(error)));
  expect([exitCode, stdout.length, stderr.length]).toEqual([7, 10 * 1024, 100]);
  expect(pieces.length).toBeGreaterThan(1);
});

test('everything else in a script takes no time and succeeds', async () => {
  const script = 'set -e\ngit clone x && cd y || exit 3\nfalse\n  sim 0 exit 4\nexit 5';
  await expect(sandbox.commands.run(script)).rejects.toThrow('exit status 4');
  expect(await sandbox.commands.run('rm -rf / ; exit 5')).toMatchObject({ exitCode: 0, stdout: '' });
});

test('what a command leaves lies where its script was, and a comment is a command too', async () => {
  await sandbox.commands.run(
    "mkdir -p /home/user/repo && cd -- '/home/user/repo' || exit 1\n#sim 0 write 'a b/c.txt' 'it is $x'",
  );
  expect(await sandbox.files.read('/home/user/repo/a b/c.txt')).toBe('it is $x\n');
  await sandbox.commands.run('sim 0 junit r.xml pass 1 fail 1', { cwd: '/tmp' });
  expect(await sandbox.files.read('/tmp/r.xml')).toMatch(/tests="2" failures="1"/);
  expect((await sandbox.commands.run('sim 0 tap pass 1 skip 1')).stdout).toBe(
    'TAP version 13\n1..2\nok 1 - pass 1\nok 2 - skip 1 # SKIP\n',
  );
});

test.each([
  ['sim', 'the line ends where a value was expected'],
  ['sim soon', "expected seconds from 0 to 1000000, got 'soon'"],
  ['sim 1 exit 256', "expected a whole number from 0 to 255, got '256'"],
  ['sim 1 out 2g', "expected a size like 10k, up to 1g, got '2g'"],
  ['sim 1 signal USR3', "got 'USR3'"],
  ['sim 1 constructor', "'constructor': expected one of exit, signal, out"],
  ["sim 1 write x 'y", 'a quote is not closed'],
])('%s is a mistake that says what was expected', async (script, said) => {
  const failed = await sandbox.commands.run(`${script}\nsim 100`).catch((error: unknown) => error);
  expect(failed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
});

test('a command is listed, killed and timed out like a real one', async () => {
  const command = await sandbox.commands.run('sim 1000 out 1k', { background: true });
  expect(await sandbox.commands.list()).toEqual([
    expect.objectContaining({ pid: command.pid, args: ['-l', '-c', 'sim 1000 out 1k'] }),
  ]);
  expect(await command.kill()).toBe(true);
  await expect(command.wait()).rejects.toThrow('signal: killed');
  await expect(sandbox.commands.run('sim 1000', { timeoutMs: 200 })).rejects.toThrow(TimeoutError);
  await expect.poll(() => sandbox.commands.list()).toEqual([]);
  expect(await sandbox.commands.kill(command.pid)).toBe(false);
});

test('a command may end by a signal of its own', async () => {
  await expect(sandbox.commands.run('sim 0 signal SEGV')).rejects.toThrow('signal: segmentation fault');
});

test('several run at once and are reached again', async () => {
  const two = await sandbox.commands.run('sim 0.3 out 100', { background: true });
  const [one, again] = await Promise.all([
    sandbox.commands.run('sim 0.2 out 50'),
    sandbox.commands.connect(two.pid).then((handle) => handle.wait()),
  ]);
  expect([one.stdout.length, again.exitCode]).toEqual([50, 0]);
});

test('what runs in the background holds the output open, as a child would', async () => {
  const { stdout, exitCode } = await sandbox.commands.run('sim 0.3 out 300 &\nsim 0 out 20');
  expect([stdout.length, exitCode]).toEqual([320, 0]);
});

test('standard input is echoed until it is closed by a command that reads it', async () => {
  const command = await sandbox.commands.run('sim 0 stdin exit 9', { background: true, stdin: true });
  await sandbox.commands.sendStdin(command.pid, 'hello ');
  await sandbox.commands.sendStdin(command.pid, 'there');
  await sandbox.commands.closeStdin(command.pid);
  await expect(command.wait()).rejects.toThrow('exit status 9');
  expect(command.stdout).toBe('hello there');
});

test('a terminal shows what is typed and runs it', async () => {
  let seen = '';
  const terminal = await sandbox.pty.create({
    cols: 80,
    rows: 24,
    onData: (bytes) => void (seen += new TextDecoder().decode(bytes)),
  });
  await sandbox.pty.resize(terminal.pid, { cols: 100, rows: 30 });
  await sandbox.pty.sendInput(terminal.pid, new TextEncoder().encode('sim 0 tap pass 1\rsim x\rexit 3\r'));
  await expect(terminal.wait()).rejects.toThrow('exit status 3');
  expect(seen).toMatch(/sim\$ sim 0 tap pass 1\r\n[^]*ok 1 - pass 1\n[^]*expected seconds/);
});

test('a pause stops the clock, and the command goes on after it', async () => {
  const pausing = await Sandbox.create(host.sdk);
  const { pid } = await pausing.commands.run('sim 1 exit 5', { background: true });
  await pausing.pause();
  await pausing.connect();
  const command = await pausing.commands.connect(pid);
  await expect(command.wait()).rejects.toThrow('exit status 5');
  await pausing.kill();
});

test('a snapshot and its forks begin with the files of their sandbox', async () => {
  const source = await Sandbox.create(host.sdk);
  await source.commands.run('sim 0 write /home/user/a one');
  const { snapshotId } = await source.createSnapshot();
  const [fork] = await source.fork({ timeoutMs: 60_000 });
  await source.commands.run('sim 0 write /home/user/a two');
  const copy = await Sandbox.create(snapshotId, host.sdk);
  if (!(fork instanceof Sandbox)) throw new Error(String(fork));
  expect(await Promise.all([copy, fork, source].map((one) => one.files.read('/home/user/a')))).toEqual([
    'one\n',
    'one\n',
    'two\n',
  ]);
  await Promise.all([copy, fork, source].map((one) => one.kill()));
});

test('a kill cuts what runs, and a missing folder is told', async () => {
  const dying = await Sandbox.create(host.sdk);
  const command = await dying.commands.run('sim 1000', { background: true });
  await expect(dying.commands.run('true', { cwd: '/nowhere' })).rejects.toThrow(
    "cwd '/nowhere' does not exist",
  );
  const ended = command.wait();
  ended.catch(() => {});
  await dying.kill();
  await expect(ended).rejects.toThrow('killed or reached its end of life');
});
