import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Box, BoxProcess } from '../../../src/sandbox-server/box.ts';
import { SimulatedWall } from '../../../src/sandbox-server/simulated/simulated-wall.ts';

/** Timers of the test's own surroundings, which come and go. */
const STRAY = 20;
const LIMITS = { memoryMb: 16, cpus: 1, processes: 3, diskMb: 1 };

test('neither a box nor a command at rest holds a timer, and an end leaves none', async () => {
  const before = timers();
  const wall = new SimulatedWall();
  const boxes = await Promise.all(Array.from({ length: 500 }, (_, at) => open(wall, `box${at}`)));
  expect(timers() - before).toBeLessThan(STRAY);
  const running = await Promise.all(boxes.map((box) => run(box, 'sim 1000 out 1m &\nsim 1000 err 1m')));
  expect(timers() - before - 1000).toBeLessThan(STRAY);
  expect(timers() - before - 1000).toBeGreaterThan(-STRAY);
  await boxes[0]?.destroy();
  expect(await running[0]?.exit).toEqual({ signal: 'SIGKILL' });
  await wall.close();
  expect(timers() - before).toBeLessThan(STRAY);
  await Promise.all(boxes.map((box) => box.ended));
});

test('a frozen box has no clock, and goes on where it stood', async () => {
  const wall = new SimulatedWall();
  const [box, clock] = [await open(wall, 'frozen'), await open(wall, 'clock')];
  const command = await run(box, 'sim 0.05 out 5k write /tmp/c x exit 3');
  await box.freeze();
  await box.freeze();
  const waiting = await run(box, 'sim 0 write /tmp/w x exit 4');
  await box.thaw();
  await (
    await run(clock, 'sim 0.2')
  ).exit;
  for (const path of ['/tmp/c', '/tmp/w']) await expect(box.files.stat(path)).rejects.toThrow('ENOENT');
  await box.thaw();
  expect(await Promise.all([command.exit, waiting.exit])).toEqual([{ code: 3 }, { code: 4 }]);
  expect((await text(command.stdout)).length).toBe(5 * 1024);
  await wall.close();
});

test('what is cleared is killed, and the files stay', async () => {
  const wall = new SimulatedWall();
  const box = await open(wall, 'cleared');
  await (
    await run(box, 'sim 0 write /tmp/a b')
  ).exit;
  const command = await run(box, 'sim 1000 stdin');
  await box.clear();
  expect(await command.exit).toEqual({ signal: 'SIGKILL' });
  expect((await box.files.stat('/tmp/a')).size).toBe(2);
  expect(await box.usage()).toMatchObject({ diskTotalBytes: 1024 * 1024 });
  await wall.close();
});

test('a box that is saved is what others start from, each for itself', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'evalpool-layers-')), 'layer');
  const wall = new SimulatedWall();
  const box = await open(wall, 'saved');
  await (
    await run(box, 'sim 0 write /home/user/a/b one')
  ).exit;
  const saved = await box.save({ newFolder: () => folder, isBrief: false });
  await saved.release();
  await (
    await run(box, 'sim 0 write /home/user/a/b two')
  ).exit;
  await box.destroy();
  const order = { limits: LIMITS, network: 'none', layers: saved.layers } as const;
  const one = await wall.open({ id: 'one', ...order });
  const other = await wall.open({ id: 'other', ...order });
  await (
    await run(one, 'sim 0 write /home/user/a/b three')
  ).exit;
  expect([await readText(one), await readText(other)]).toEqual(['three\n', 'one\n']);
  expect(await other.usage()).toMatchObject({ diskBytes: expect.any(Number) });
  await wall.close();
  rmSync(dirname(folder), { recursive: true });
});

test('a signal ends the script but not what it left behind', async () => {
  const wall = new SimulatedWall();
  const box = await open(wall, 'behind');
  const command = await run(box, 'sim 0.05 out 10 &\nsim 1000 out 1m');
  command.kill('SIGTERM');
  expect(await command.exit).toEqual({ signal: 'SIGTERM' });
  expect((await text(command.stdout)).length).toBe(10);
  const other = await run(box, 'sim 1000 &');
  expect(await other.exit).toEqual({ code: 0 });
  await box.clear();
  expect(await text(other.stdout)).toBe('');
  await wall.close();
});

test('above the limit of processes nothing starts, and an ended box starts nothing', async () => {
  const wall = new SimulatedWall();
  const box = await open(wall, 'full');
  await Promise.all([1, 2, 3].map(() => run(box, 'sim 1000')));
  expect(await (await run(box, 'true')).exit).toEqual({ code: 254 });
  await box.destroy();
  await expect(run(box, 'true')).rejects.toThrow('ended');
  await wall.close();
});

test('a program that is no shell is not found', async () => {
  const wall = new SimulatedWall();
  const box = await open(wall, 'bare');
  for (const argv of [
    ['python3'],
    ['/bin/bash'],
    ['/bin/bash', '-l', '-c', 'exec "$0" "$@"', 'node', '-i'],
  ]) {
    const command = await box.start({ argv, env: {}, cwd: '/', user: 'user', stdin: true });
    expect(await command.exit).toEqual({ code: 127 });
    expect(await text(command.stderr)).toContain('runs nothing but shell scripts');
  }
  await wall.close();
});

test('a disk that is full ends a command with what a shell would say', async () => {
  const wall = new SimulatedWall();
  const box = await open(wall, 'disk');
  const command = await run(
    box,
    `sim 0 write /tmp/a '${'x'.repeat(600_000)}'\nsim 0 write /tmp/b '${'x'.repeat(600_000)}'`,
  );
  expect(await command.exit).toEqual({ code: 1 });
  expect(await text(command.stderr)).toContain('ENOSPC');
  await wall.close();
});

function open(wall: SimulatedWall, id: string): Promise<Box> {
  return wall.open({ id, limits: LIMITS, network: 'none' });
}

/** Starts a script and lets it come to its first wait. */
async function run(box: Box, script: string): Promise<BoxProcess> {
  const argv = ['/bin/bash', '-l', '-c', script];
  const started = await box.start({ argv, env: {}, cwd: '/home/user', user: 'user', stdin: false });
  await setImmediate();
  return started;
}

async function readText({ files }: Box): Promise<string> {
  return String(await (await files.openForRead('/home/user/a/b')).read(0, 10));
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
