import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandExitError, Sandbox, TimeoutError, type CommandResult } from 'e2b';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  LIMITS,
  openTestWall,
  startTestServer,
  type TestServer,
} from '../test/sandbox-server/start-test-server.ts';
import { run } from '../test/sandbox-server/walls/start-wall.ts';
import { whatRunscLacks } from './runsc-lacking.ts';

const lacking = whatRunscLacks();

describe.skipIf(lacking !== null)(`With the wall runsc${lacking ? `: ${lacking}` : ''}`, () => {
  let host: TestServer;
  let sandbox: Sandbox;
  beforeAll(async () => {
    host = await startTestServer({}, 10, 'runsc');
    sandbox = await Sandbox.create(host.sdk);
  });
  afterAll(() => host.close());

  test('a command is answered by a kernel of its own, as a user without rights', async () => {
    const { stdout } = await sandbox.commands.run('uname -v; id -un; grep CapBnd /proc/self/status');
    const gvisors = '#1 SMP Sun Jan 10 15:06:54 PST 2016'; // always, in pkg/sentry/syscalls/linux
    expect(stdout).toBe(`${gvisors}\nuser\nCapBnd:\t0000000000000000\n`);
  });

  test('the server says which wall it has, and that there is no way out of it', async () => {
    const health = await fetch(`${host.server.url}/health?verbose`);
    expect(await health.json()).toMatchObject({ wall: { wall: 'runsc', networks: ['none'] } });
    const open = await Sandbox.create({ ...host.sdk, allowInternetAccess: true });
    expect((await open.commands.run('cat /proc/net/dev')).stdout).not.toMatch(/^\s*(eth|tap|en)/m);
    await expect(open.updateNetwork({ allowInternetAccess: true })).rejects.toThrow(/no network 'nat'/);
    await open.kill();
  });

  test('exit codes and signals, streams, folders and environments arrive as they were', async () => {
    expect(await ending('echo out; echo err >&2; exit 137')).toMatchObject({
      exitCode: 137,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await ending('kill -9 $$')).toMatchObject({ exitCode: -1, error: 'signal: killed' });
    const options = { cwd: '/tmp', envs: { WORD: 'a=b c' } };
    expect(
      (await sandbox.commands.run('pwd; echo "$WORD"; echo /dev/stdout > /dev/stdout', options)).stdout,
    ).toBe('/tmp\na=b c\n/dev/stdout\n');
    await expect(sandbox.commands.run('true', { cwd: '/nowhere' })).rejects.toThrow(
      "cwd '/nowhere' does not exist",
    );
  });

  test('terminals and watches are refused, with the reason', async () => {
    const open = sandbox.pty.create({ cols: 80, rows: 24, onData: () => {} });
    await expect(open).rejects.toThrow('sandboxes of the wall runsc have no terminals');
    const watch = sandbox.files.watchDir('/tmp', () => {});
    await expect(watch).rejects.toThrow('sandboxes of the wall runsc cannot be watched');
  });

  test('many commands at once keep their outputs apart, each to its last byte', async () => {
    const numbers = Array.from({ length: 12 }, (_, at) => at);
    const outputs = await Promise.all(
      numbers.map(async (at) =>
        sandbox.commands.run(`head -c 300000 /dev/zero | tr '\\0' ${String.fromCharCode(97 + at)}`),
      ),
    );
    expect(outputs.map(({ stdout }) => [stdout.length, new Set(stdout).size, stdout[0]])).toEqual(
      numbers.map((at) => [300_000, 1, String.fromCharCode(97 + at)]),
    );
  });

  test('a command in the background is fed, listed and killed; one that is too slow dies', async () => {
    const cat = await sandbox.commands.run('read line; echo "got $line"; exec sleep 1000', {
      background: true,
      stdin: true,
    });
    await sandbox.commands.sendStdin(cat.pid, 'words\n');
    await expect.poll(() => cat.stdout).toBe('got words\n');
    expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(cat.pid);
    expect(await sandbox.commands.kill(cat.pid)).toBe(true);
    await expect(cat.wait()).rejects.toMatchObject({ error: 'signal: killed' });
    await expect(sandbox.commands.run('trap "" TERM; sleep 1000', { timeoutMs: 500 })).rejects.toThrow(
      TimeoutError,
    );
    await expect.poll(async () => sandbox.commands.list()).toEqual([]);
  });

  test('files are the same from both sides, also while a command holds them', async () => {
    await sandbox.files.write('/home/user/a/one.txt', 'one\n');
    await sandbox.commands.run(
      'cat a/one.txt > a/two.txt; echo two >> a/two.txt; rm a/one.txt; mkdir a/b; ln -s two.txt a/link',
    );
    expect(await sandbox.files.read('a/link')).toBe('one\ntwo\n');
    expect((await sandbox.files.list('a')).map(({ name }) => name).toSorted()).toEqual([
      'b',
      'link',
      'two.txt',
    ]);
    const reader = await sandbox.commands.run('exec 3< a/two.txt; read a <&3; echo $a; read go; cat <&3', {
      background: true,
      stdin: true,
    });
    await expect.poll(() => reader.stdout).toBe('one\n');
    await sandbox.files.write('a/two.txt', 'one\nnew\n');
    await sandbox.commands.sendStdin(reader.pid, 'go\n');
    expect((await reader.wait()).stdout).toBe('one\nnew\n');
    await sandbox.files.rename('a/two.txt', '/tmp/moved.txt');
    expect((await ending('cat /tmp/moved.txt')).stdout).toBe('one\nnew\n');
    await sandbox.files.remove('a');
    expect((await ending('cat a/two.txt')).exitCode).toBe(1);
  });

  test('a link out of the box leads nowhere, and what is shown of the host cannot be written', async () => {
    const secret = join(mkdtempSync(join(tmpdir(), 'evalpool-secret-')), 'secret');
    await sandbox.commands.run(
      `ln -s ${secret} out; ln -s /proc/1/root${secret} far; ln -s ../../../../../..${secret} up`,
    );
    for (const name of ['out', 'far', 'up'])
      await expect(sandbox.files.read(name)).rejects.toThrow(/not found|not exist|permission|EACCES/i);
    for (const path of ['/etc/evalpool', '/usr/bin/evalpool', '/evalpool']) {
      await expect(sandbox.files.write(path, 'x')).rejects.toThrow(/read-only|EROFS/i);
      expect((await ending(`echo x > ${path}`)).exitCode).not.toBe(0);
    }
    rmSync(join(secret, '..'), { recursive: true });
  });

  test('the way commands come in is closed to them', async () => {
    const tries = [
      'find /.evalpool -mindepth 1',
      'echo "ended c1 0 0" > /proc/1/fd/1',
      'head -c 1 < /proc/1/fd/0',
      'kill -STOP 1; kill -9 1',
      'cat /proc/1/mem',
      'mkdir /tmp/m && mount -t tmpfs none /tmp/m && echo mounted',
      'unshare -r id -u',
    ];
    for (const script of tries)
      expect(await ending(script)).toMatchObject({ exitCode: expect.any(Number), stdout: '' });
    expect((await ending('echo alive')).stdout).toBe('alive\n');
  });

  test('who takes too much memory, processes or disk is stopped, and the sandbox lives on', async () => {
    const balloon = 'const all = []; setInterval(() => all.push(Buffer.alloc(16e6, 1)), 10)';
    expect(await ending(`exec node -e '${balloon}'`)).toMatchObject({ error: 'signal: killed' });
    const bomb = await sandbox.commands.run('f() { f | f & }; f; f; sleep 1000', { background: true });
    await expect.poll(() => bomb.stderr, { timeout: 30_000 }).toContain('Resource temporarily unavailable');
    const { stdout } = await sandbox.commands.run('set -- /proc/[0-9]*; exec echo $#');
    expect(Number(stdout)).toBeLessThanOrEqual(LIMITS.processes + 4);
    const flooded = await Sandbox.create(host.sdk);
    expect((await flooded.commands.run('head -c 1G /dev/zero > /tmp/x; rm /tmp/x; echo alive')).stdout).toBe(
      'alive\n',
    );
    await expect(flooded.commands.run('head -c 1G /dev/zero > x')).rejects.toMatchObject({
      stderr: expect.stringContaining('No space left'),
    });
    await flooded.kill();
    await sandbox.kill();
    sandbox = await Sandbox.create(host.sdk);
  });

  test('a sandbox that holds as many files as it may takes commands all the same', async () => {
    const { wall, close } = await openTestWall('runsc');
    onTestFinished(close);
    const box = await wall.open({ id: 'full', limits: { ...LIMITS, diskMb: 1 }, network: 'none' });
    const full = await run(box, 'i=0; while : > /tmp/$((i += 1)); do :; done');
    expect(full.err).toContain('No space left on device');
    expect(await run(box, 'echo alive')).toMatchObject({ out: 'alive\n' });
  });

  test('a paused sandbox stands still and goes on', async () => {
    const counter = await sandbox.commands.run('while :; do echo more >> n; sleep 0.02; done', {
      background: true,
    });
    await expect.poll(async () => sandbox.files.exists('n'), { timeout: 20_000 }).toBe(true);
    counter.disconnect().catch(() => {});
    await sandbox.pause();
    const again = await Sandbox.connect(sandbox.sandboxId, host.sdk);
    const { length } = await again.files.read('n');
    await expect
      .poll(async () => (await again.files.read('n')).length, { timeout: 20_000 })
      .toBeGreaterThan(length);
    await again.commands.kill(counter.pid);
  });

  async function ending(script: string): Promise<CommandResult | CommandExitError> {
    return sandbox.commands.run(script).catch((error: unknown) => {
      if (error instanceof CommandExitError) return error;
      throw error;
    });
  }
});
