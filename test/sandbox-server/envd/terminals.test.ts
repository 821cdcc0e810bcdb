import { EventEmitter, once } from 'node:events';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, envelope, startTestServer, type TestServer } from '../start-test-server.ts';
import { ConnectClient, started } from './connect-client.ts';
import { Terminal } from './open-terminal.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create({ ...host.sdk, envs: { FROM: 'sandbox' } });
});
afterAll(() => host.close());

test('a shell in a terminal knows its name, size, kind, folder and environment', async () => {
  const terminal = await new Terminal(sandbox).open({ cwd: '/tmp', envs: { MINE: 'request' } });
  await terminal.type('tty; stty size; echo $TERM $FROM $MINE; pwd\n');
  await terminal.until('/dev/pts/0\r\n24 80\r\nxterm-256color sandbox request\r\n/tmp\r\n');
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(terminal.pid);
  await terminal.handle.kill();
});

test('a new size reaches the job in the foreground, and what is typed after it', async () => {
  const terminal = await new Terminal(sandbox).open();
  const job = `perl -e '$| = 1; $SIG{WINCH} = sub { system "stty size"; exit }; print "on", "ce\\n"; sleep 100'`;
  await terminal.type(`${job}\n`);
  await terminal.until('once');
  await sandbox.pty.resize(terminal.pid, { cols: 101, rows: 37 });
  await terminal.until('37 101');
  await sandbox.pty.resize(terminal.pid, { cols: 33, rows: 22 });
  await terminal.type('stty size\n');
  expect(await terminal.until('22 33')).toMatch(/37 101[^]*22 33/);
  await terminal.handle.kill();
});

test('Ctrl-C ends the job in the foreground, Ctrl-Z stops it, and the shell lives on', async () => {
  const terminal = await new Terminal(sandbox).open();
  await terminal.type('sh -c "echo rea""dy; exec sleep 1000"\n');
  await terminal.until('ready');
  await terminal.type('\x03');
  await terminal.type('echo "status=$?"\n');
  await terminal.until('status=130');
  await terminal.type('sh -c "echo aga""in; exec sleep 1000"\n');
  await terminal.until('again');
  await terminal.type('\x1a');
  expect(await terminal.until('Stopped')).toMatch(/status=130[^]*Stopped +sh -c/);
  await terminal.handle.kill();
});

test('the end of the shell comes after all it wrote, with its status', async () => {
  const terminal = await new Terminal(sandbox).open();
  await terminal.type('seq 1 50000; exit 7\n');
  expect(await terminal.end()).toMatchObject({ exitCode: 7 });
  expect(terminal.shown).toContain('\r\n49999\r\n50000\r\n');
  expect(await sandbox.pty.kill(terminal.pid)).toBe(false);
});

test('a child that keeps the terminal does not keep its end', async () => {
  const terminal = await new Terminal(sandbox).open();
  await terminal.type('(trap "" HUP; echo $BASHPID > child; echo sta""ys; exec sleep 1000) &\n');
  await terminal.until('stays');
  await terminal.type('exit 5\n');
  expect(await terminal.end()).toMatchObject({ exitCode: 5 });
  await sandbox.commands.run('kill $(cat child)');
});

test('a killed terminal says so, and its time-out ends it', async () => {
  const killed = await new Terminal(sandbox).open();
  expect(await sandbox.pty.kill(killed.pid)).toBe(true);
  expect(await killed.end()).toMatchObject({ exitCode: -1, error: 'signal: killed' });
  const late = await new Terminal(sandbox).open({ timeoutMs: 300 });
  await expect(late.end()).rejects.toThrow('deadline_exceeded');
  expect(await (await new Terminal(sandbox).join(late.pid)).end()).toMatchObject({ error: 'signal: killed' });
  await expect(sandbox.pty.sendInput(late.pid, Buffer.from('x'))).rejects.toThrow('not found');
});

test('a terminal outlives the connection that opened it, and another joins', async () => {
  const first = await new Terminal(sandbox).open();
  await first.handle.disconnect();
  const second = await new Terminal(sandbox).join(first.pid);
  await second.type('echo sti""ll; exit\n');
  await second.until('still');
  expect(await second.end()).toMatchObject({ exitCode: 0 });
});

test('a terminal stands still with its sandbox and goes on with it', async () => {
  const paused = await Sandbox.create(host.sdk);
  const before = await new Terminal(paused).open();
  await before.type('kept=value; echo re""ady\n');
  await before.until('ready');
  await paused.pause();
  await Sandbox.connect(paused.sandboxId, host.sdk);
  const after = await new Terminal(paused).join(before.pid);
  await after.type('echo $kept; exit\n');
  expect(await after.until('value\r\n')).toContain('value');
  expect(await after.end()).toMatchObject({ exitCode: 0 });
  await paused.kill();
});

test('every byte goes through a raw terminal as it is, in chunks of 16 KiB at most', async () => {
  const client = new ConnectClient(host, sandbox, { useBinaryFormat: true });
  const script = `stty raw; perl -e 'print map { chr } (0..255) x 1024'`;
  const start = {
    process: { cmd: '/bin/bash', args: ['-c', script] },
    pty: { size: { cols: 80, rows: 24 } },
  };
  const events = client.stream('process.Process/Start', start);
  await started(events);
  const chunks: Buffer[] = [];
  for await (const event of events) {
    const [, base64] = /"pty":"([^"]*)"/.exec(JSON.stringify(event)) ?? [];
    if (base64 !== undefined) chunks.push(Buffer.from(base64, 'base64'));
  }
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(16 * 1024);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  expect(Buffer.concat(chunks).equals(Buffer.concat(Array<Buffer>(1024).fill(all)))).toBe(true);
});

test('a terminal that nobody reads stops its job, one that reads nothing its input, and no other is disturbed', async () => {
  const flood = await fetchTerminal('exec yes');
  const reader = flood.body?.getReader();
  await reader?.read();
  const deaf = await new Terminal(sandbox).open();
  await deaf.type('stty raw -echo; echo de""af; exec sleep 1000\n');
  await deaf.until('deaf');
  const typing = sandbox.pty.sendInput(deaf.pid, Buffer.alloc(4_000_000, 'x'), { requestTimeoutMs: 0 });
  const refused = typing.catch((error: unknown) => String(error));
  const yes = (await sandbox.commands.list()).find(({ args }) => args.includes('exec yes'))?.pid ?? 0;
  const written = `grep wchar /proc/${yes}/io`;
  await sandbox.commands.run(
    `b=$(${written}); until [ "$a" = "$b" ]; do a=$b; sleep 0.3; b=$(${written}); done`,
  );
  const other = await new Terminal(sandbox).open();
  await other.type('echo ali""ve; exit\n');
  await other.until('alive');
  expect(await sandbox.pty.kill(deaf.pid)).toBe(true);
  // It ends; a terminal that is ending may still have swallowed the rest.
  expect((await refused) ?? 'not open').toContain('not open');
  await reader?.cancel();
  expect(await sandbox.pty.kill(yes)).toBe(true);
});

test('what is meant for a terminal is refused by a plain command, and the other way round', async () => {
  const plain = await sandbox.commands.run('sleep 100', { background: true, stdin: true });
  await expect(sandbox.pty.sendInput(plain.pid, Buffer.from('x'))).rejects.toThrow('tty not assigned');
  await expect(sandbox.pty.resize(plain.pid, { cols: 1, rows: 1 })).rejects.toThrow('tty not assigned');
  const terminal = await new Terminal(sandbox).open();
  await expect(sandbox.commands.sendStdin(terminal.pid, 'x')).rejects.toThrow('tty assigned to process');
  await expect(sandbox.commands.closeStdin(terminal.pid)).rejects.toThrow('send Ctrl+D');
  await plain.kill();
  await terminal.type('\x04');
  expect(await terminal.end()).toMatchObject({ exitCode: 0 });
});

test('a sandbox whose terminals are all taken says so', async () => {
  const full = await Sandbox.create(host.sdk);
  const taken = new EventEmitter();
  const flood = 'while (open $all[$n], "+<", "/dev/ptmx") { $n++ } $| = 1; print $n; sleep 1000';
  const onStdout = (): void => void taken.emit('all');
  await Promise.all([
    once(taken, 'all'),
    full.commands.run(`perl -e '${flood}'`, { background: true, onStdout }),
  ]);
  await expect(new Terminal(full).open()).rejects.toThrow('no terminal: No space left on device');
  await full.kill();
});

/** A terminal's raw stream: the SDK reads on by itself. */
function fetchTerminal(script: string): Promise<Response> {
  const pty = { size: { cols: 80, rows: 24 } };
  const json = JSON.stringify({ process: { cmd: '/bin/bash', args: ['-c', script] }, pty });
  return fetch(`${host.server.url}/process.Process/Start`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json', ...dataPlaneHeaders(sandbox) },
    body: envelope(json),
  });
}
