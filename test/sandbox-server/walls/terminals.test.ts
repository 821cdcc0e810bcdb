import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Box, BoxProcess } from '../../../src/sandbox-server/box.ts';
import { bash, launcherPid, run, startWall, until } from './start-wall.ts';

let walls: Awaited<ReturnType<typeof startWall>>;
let box: Box;

beforeAll(async () => {
  walls = await startWall();
  box = await walls.open();
});
afterAll(() => walls.close());

const RELAY = 'p=$(grep -lx terminal /proc/[0-9]*/comm | cut -d/ -f3)';

function openTerminal(script: string): Promise<BoxProcess> {
  return box.start({ ...bash(script), terminal: { cols: 80, rows: 24 } });
}

test('What relays a terminal has no rights, and nothing in the box looks into it', async () => {
  const terminal = await openTerminal('echo up; exec sleep 1000');
  await until(terminal.stdout, 'up');
  const status = await run(box, `${RELAY}; grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/$p/status`);
  const none = '0'.repeat(16);
  expect(status.out.replaceAll('\t', '')).toBe(`CapEff:${none}\nCapBnd:${none}\nNoNewPrivs:1\nSeccomp:2\n`);
  const look = 'cat environ mem maps; readlink exe cwd root fd/* fd/0; ls fd';
  expect((await run(box, `${RELAY}; cd /proc/$p; ${look}`)).out).toBe('');
  terminal.kill('SIGKILL');
  await terminal.exit;
});

test('A candidate who kills what relays a terminal hangs it up, no more', async () => {
  const terminal = await openTerminal('echo up; exec sleep 1000');
  await until(terminal.stdout, 'up');
  await run(box, `${RELAY}; kill -9 $p`);
  expect(await terminal.exit).toEqual({ signal: 'SIGHUP' });
  const next = await openTerminal('echo next');
  expect(await until(next.stdout, 'next')).toContain('next');
  expect(await next.exit).toEqual({ code: 0 });
});

test('A process that opens its terminal again finds it', async () => {
  const script = 'exec >&- 2>&- <&-; sleep 0.1; echo again >/dev/tty; exec sleep 1000';
  const terminal = await openTerminal(script);
  expect(await until(terminal.stdout, 'again')).toContain('again');
  terminal.kill('SIGKILL');
  expect(await terminal.exit).toEqual({ signal: 'SIGKILL' });
});

test('Terminals leave neither descriptors nor processes', async () => {
  const launcher = launcherPid();
  const held = (): string[][] => [
    readdirSync(`/proc/${launcher}/fd`),
    readFileSync(`/proc/${launcher}/task/${launcher}/children`, 'utf8').trim().split(' '),
  ];
  await expect.poll(() => held()[1]).toHaveLength(1); // what the tests before have ended is gone
  const before = held();
  for (let round = 0; round < 3; round++) {
    const ended = await openTerminal('exit 0');
    const hidden = await openTerminal('exec >&- 2>&- <&-; exec sleep 1000');
    hidden.kill('SIGKILL');
    await Promise.all([ended.exit, hidden.exit]);
    for (const { stdin } of [ended, hidden]) stdin?.destroy();
  }
  await expect.poll(held).toEqual(before);
});

test('Code in the box opens terminals of its own', async (context) => {
  const perl = `$n = chr(0) x 4; open $m, "+<", "/dev/ptmx"; ioctl $m, 0x40045431, $n; ioctl $m, 0x80045430, $n;
    $name = "/dev/pts/" . unpack "i", $n; open $s, "+<", $name; syswrite $s, "$name\n"; sysread $m, $read, 99; print $read`;
  expect((await run(box, `perl -e '${perl}'`)).out).toMatch(/^\/dev\/pts\/\d+\r\n$/);
  const python = 'import pty, os; pty.spawn(["sh", "-c", "test -t 0 && tty"])';
  if ((await run(box, 'command -v python3')).out === '') return context.skip('python3 is missing');
  expect((await run(box, `python3 -c '${python}'`)).out).toMatch(/^\/dev\/pts\/\d+\r\n$/);
});

test('The end of a box ends its terminals', async () => {
  const doomed = await walls.open();
  const terminal = await doomed.start({ ...bash('trap "" HUP; sleep 1000'), terminal: { cols: 1, rows: 1 } });
  const closed = new Promise<void>((resolve) => terminal.stdout.resume().once('close', resolve));
  await doomed.destroy();
  await closed;
  expect(await terminal.exit).toEqual({ signal: 'SIGKILL' });
});
