import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bash, IS_ROOT, launcherPid, run, startWall, until } from './start-wall.ts';

let walls: Awaited<ReturnType<typeof startWall>>;

beforeAll(async () => {
  walls = await startWall();
});
afterAll(() => walls.close());

test('A command reports its exit code or the signal that ended it', async () => {
  const box = await walls.open();
  expect((await run(box, 'exit 3')).exit).toEqual({ code: 3 });
  expect((await run(box, 'kill -USR1 $$')).exit).toEqual({ signal: 'SIGUSR1' });
  const sleeper = await box.start(bash('trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done'));
  await until(sleeper.stdout, 'ready');
  sleeper.kill('SIGTERM');
  expect(await sleeper.exit).toEqual({ code: 7 });
  const interrupted = await box.start(bash('trap "exit 8" INT; echo ready; while :; do sleep 0.01; done'));
  await until(interrupted.stdout, 'ready');
  interrupted.kill('SIGINT');
  expect(await interrupted.exit).toEqual({ code: 8 });
  await box.destroy();
});

test('A command that is over before its output is opened ends like any other', async () => {
  const box = await walls.open();
  const starting = run(box, 'exit 5');
  // Nothing of this process runs meanwhile, so the command has ended when its pipes are opened.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  expect(await starting).toEqual({ out: '', err: '', exit: { code: 5 } });
  await box.destroy();
});

test('A command reads what is written to it, to the end', async () => {
  const box = await walls.open();
  const cat = await box.start({ ...bash('cat; echo end'), stdin: true });
  cat.stdin?.end('words\n');
  expect(await until(cat.stdout, 'end')).toBe('words\nend\n');
  expect(await cat.exit).toEqual({ code: 0 });
  expect((await run(box, 'cat')).exit).toEqual({ code: 0 });
  await box.destroy();
});

test('A command sees the given environment and nothing else', async () => {
  const box = await walls.open();
  const env = await box.start({
    ...bash(''),
    argv: ['/usr/bin/env'],
    env: { A: 'b=c', EMPTY: '', LINES: 'x\ny' },
  });
  const lines = (await until(env.stdout, 'y\n')).trim().split('\n');
  expect(lines.toSorted()).toEqual(['A=b=c', 'EMPTY=', 'LINES=x', 'y']);
  await box.destroy();
});

test('A missing folder or program is refused before the command starts', async () => {
  const box = await walls.open();
  await expect(box.start({ ...bash('true'), cwd: '/nowhere' })).rejects.toThrow(
    "cwd '/nowhere' does not exist",
  );
  await expect(box.start({ ...bash(''), argv: ['/nowhere'] })).rejects.toThrow("cannot run '/nowhere'");
  expect(await run(box, 'echo alive')).toMatchObject({ out: 'alive\n' });
  await box.destroy();
});

test('Orphans are reaped, and leave the box alive', async () => {
  const box = await walls.open();
  const { out } = await run(box, '(sleep 0.01 & sleep 0.01 &); sleep 0.1; cat /proc/*/stat | grep -c " Z "');
  expect(out).toBe('0\n');
  await box.destroy();
});

test('What survives SIGTERM is gone after destroy, which may be called twice', async () => {
  const box = await walls.open();
  const stubborn = await box.start(
    bash('trap "" TERM HUP INT; echo ready; (setsid sleep 1000 &); sleep 1000'),
  );
  await until(stubborn.stdout, 'ready');
  stubborn.kill('SIGTERM');
  const first = box.pid;
  expect(existsSync(`/proc/${first}`)).toBe(true);
  await Promise.all([box.destroy(), box.destroy()]);
  expect(await stubborn.exit).toEqual({ signal: 'SIGKILL' });
  expect(existsSync(`/proc/${first}`)).toBe(false);
  await box.ended;
  await expect(box.start(bash('true'))).rejects.toThrow('the sandbox is gone');
});

test('A box whose first process dies says that it is over', async () => {
  const box = await walls.open();
  const sleeper = await box.start(bash('sleep 1000'));
  process.kill(box.pid, 'SIGKILL');
  await box.ended;
  expect(await sleeper.exit).toEqual({ signal: 'SIGKILL' });
});

test.each(['running', 'frozen'])('A server killed with -9 leaves no process of a %s box', async (state) => {
  const home = mkdtempSync(join(tmpdir(), 'evalpool-killed-'));
  const script = join(import.meta.dirname, 'open-and-wait.ts');
  const server = spawn(process.execPath, ['--import', 'tsx', script, home, state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first, launcher] = (await until(server.stdout, '\n')).trim().split(' ').map(Number);
  const watched = [first, launcher].map((pid) => ({ pid, start: startTime(pid) }));
  for (const { start } of watched) expect(start).not.toBeNull();
  server.kill('SIGKILL');
  await expect.poll(() => watched.filter(({ pid, start }) => startTime(pid) === start)).toEqual([]);
  rmSync(home, { recursive: true, force: true });
});

test('A server that starts in another pid namespace leaves the groups of a live one alone', async (context) => {
  if (!IS_ROOT) return context.skip();
  const home = mkdtempSync(join(tmpdir(), 'evalpool-other-'));
  const script = join(import.meta.dirname, 'open-and-wait.ts');
  const argv = [
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
    process.execPath,
    '--import',
    'tsx',
    script,
    home,
  ];
  // No process has joined its groups yet.
  const box = await walls.open();
  const other = spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await until(other.stdout, '\n');
  expect(await run(box, 'echo alive')).toMatchObject({ out: 'alive\n' });
  await box.destroy();
  other.kill('SIGKILL');
  await once(other, 'close');
  rmSync(home, { recursive: true, force: true });
});

test('After a killed launcher every box is over, and the next open starts another', async () => {
  const box = await walls.open();
  process.kill(launcherPid(), 'SIGKILL');
  await box.ended;
  const next = await walls.open();
  expect(await run(next, 'echo alive')).toMatchObject({ out: 'alive\n' });
  await next.destroy();
});

/** What tells a process from a later one with its pid; null: there is none, or a zombie. */
function startTime(pid: number | undefined): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
