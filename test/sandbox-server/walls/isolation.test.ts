import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { bash, IS_ROOT, run, startWall, until } from './start-wall.ts';

let walls: Awaited<ReturnType<typeof startWall>>;
let box: HostBox;

beforeAll(async () => {
  walls = await startWall();
  box = await walls.open();
});
afterAll(() => walls.close());

test('A command has no capabilities, no new privileges and a seccomp filter', async () => {
  const { out } = await run(box, 'grep -E "^(Cap...|NoNewPrivs|Seccomp):" /proc/self/status');
  const status = Object.fromEntries(out.split('\n').map((line) => line.split(':\t')));
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    expect(status[set]).toBe('0'.repeat(16));
  expect(status).toMatchObject({ NoNewPrivs: '1', Seccomp: '2' });
});

test('A command is the user of the box, and on the host an id of its own', async () => {
  expect((await run(box, 'id -un; id -u; echo $HOME; pwd')).out).toBe('user\n1000\n/home/user\n/home/user\n');
  const own = process.getuid?.();
  expect(box.uid === own).toBe(!IS_ROOT);
});

test('Files of the host outside the toolchain are not there', async () => {
  const secret = mkdtempSync(join(tmpdir(), 'evalpool-secret-'));
  writeFileSync(join(secret, 'key'), 'secret', { mode: 0o644 });
  const places = [
    join(secret, 'key'),
    ...readdirSync(homedir()).map((name) => join(homedir(), name)),
    '/etc/shadow',
    '/etc/ssh',
    '/run',
    '/srv',
    '/sys',
    '/var/lib',
    '/boot',
  ];
  expect((await run(box, `ls -d ${places.map((place) => `'${place}'`).join(' ')}`)).out).toBe('');
  rmSync(secret, { recursive: true });
});

test('The toolchain and /etc cannot be written, home, /tmp and /dev/shm can', async () => {
  const writable =
    'for f in / /usr /usr/bin /etc /dev /proc/sys/kernel ~ /tmp /dev/shm /var/tmp; do echo >$f/new && echo $f; done';
  expect((await run(box, writable)).out).toBe('/home/user\n/tmp\n/dev/shm\n/var/tmp\n');
});

test('The devices are the harmless ones, and none can be added', async () => {
  const list =
    'cd /dev; for f in * */*; do [ -b $f -o -c $f ] && [ ! -L $f ] && stat -c "%n %a" $f; done; true';
  const plain = ['full', 'null', 'random', 'tty', 'urandom', 'zero', 'pts/ptmx'];
  expect((await run(box, list)).out).toBe(plain.map((name) => `${name} 666\n`).join(''));
  const add =
    'touch /dev/added /dev/pts/added; mknod /dev/shm/added c 1 3; chmod 777 /dev; ls -d /dev/added /dev/*/added';
  expect((await run(box, add)).out).toBe('');
});

test('A box has terminals of its own, 64 and not more', async () => {
  const [mine, other] = [await walls.open(), await walls.open()];
  const flood = 'while (open $terminals[$n], "+<", "/dev/ptmx") { $n++ } $| = 1; print "$n $!"; sleep 1000';
  const flooder = await mine.start({ ...bash(''), argv: ['perl', '-e', flood] });
  expect(await until(flooder.stdout, 'left')).toContain('64 No space left');
  expect((await run(other, 'script -qc tty /dev/null')).out).toBe('/dev/pts/0\r\n');
  await Promise.all([mine.destroy(), other.destroy()]);
});

test('Git, node and the standard streams work', async () => {
  const script = 'git init -q r && cd r && git commit -q --allow-empty -m x && git log --oneline | wc -l';
  expect(await run(box, script)).toMatchObject({ out: '1\n', err: '' });
  expect(await run(box, 'node -p "[1,2].map((x) => x * 2)"; npm --version >/dev/null')).toMatchObject({
    out: '[ 2, 4 ]\n',
    exit: { code: 0 },
  });
  expect(await run(box, 'echo a >/dev/stdout; echo b >/dev/stderr; cat /dev/null')).toMatchObject({
    out: 'a\n',
    err: 'b\n',
  });
});

test('Processes of the host can be neither seen nor signalled', async () => {
  const stranger = spawn('sleep', ['1000']);
  const { out } = await run(box, 'ls /proc | grep -c "^[0-9]"; kill -9 -1');
  expect(Number(out)).toBeLessThan(6);
  expect((await run(box, `kill -0 ${stranger.pid}`)).exit).toEqual({ code: 1 });
  expect(stranger.exitCode).toBeNull();
  expect(await run(box, 'echo alive')).toMatchObject({ out: 'alive\n' });
  stranger.kill('SIGKILL');
});

test('The first process of the box can be neither traced nor opened', async () => {
  expect((await run(box, 'cd /proc/1; readlink fd/0 root cwd exe; cat environ mem')).out).toBe('');
  expect((await run(box, 'kill -9 1; kill -TERM 1; cat /proc/1/comm')).out).toBe('cat\n');
});

test('The loopback and abstract sockets of the host cannot be reached', async () => {
  const port = createServer((socket) => socket.end('secret'));
  const abstract = createServer((socket) => socket.end('secret'));
  const name = `evalpool-test-${process.pid}`;
  await Promise.all([listen(port, { port: 0, host: '127.0.0.1' }), listen(abstract, { path: `\0${name}` })]);
  const address = port.address();
  const number = typeof address === 'object' ? address?.port : 0;
  expect((await run(box, `cat < /dev/tcp/127.0.0.1/${number}`)).err).toContain('refused');
  const connect = `socket S, 1, 1, 0; connect(S, pack "S a*", 1, "\\0${name}") or die "$!\\n"`;
  expect((await run(box, `perl -e '${connect}'`)).err).toContain('refused');
  port.close();
  abstract.close();
});

test('Namespaces, tracing, mounts, keys and sockets to the machine below are refused', async () => {
  const arm = process.arch === 'arm64';
  // mount, unshare, ptrace, bpf, keyctl, chroot, io_uring_setup
  const refused = arm ? [40, 97, 117, 280, 219, 51, 425] : [165, 272, 101, 321, 250, 161, 425];
  const ask = `for (${refused.join(', ')}) { syscall $_, 0, 0, 0, 0; print 0 + $!, " " }`;
  expect((await run(box, `perl -e '${ask}'`)).out).toBe('1 '.repeat(refused.length));
  expect((await run(box, 'unshare --user true')).err).toContain('not permitted');
  expect((await run(box, `perl -e 'socket S, 40, 1, 0; print "$!"'`)).out).toContain(
    'Address family not supported',
  );
});

test('Two boxes cannot see each other', async () => {
  const other = await walls.open();
  await run(other, 'echo mine > /tmp/mine; echo mine > /dev/shm/mine');
  const sleeper = await other.start(bash('exec sleep 1000'));
  expect((await run(box, 'ls /tmp/mine /dev/shm/mine')).exit).toEqual({ code: 2 });
  expect((await run(box, 'cat /proc/*/cmdline')).out).not.toContain('sleep');
  expect(other.uid === box.uid).toBe(!IS_ROOT);
  sleeper.kill('SIGKILL');
  expect(await sleeper.exit).toEqual({ signal: 'SIGKILL' });
  await other.destroy();
});

function listen(server: Server, where: { port?: number; host?: string; path?: string }): Promise<void> {
  return new Promise((resolve) => server.listen(where, resolve));
}
