import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Control } from '../../../src/sandbox-server/walls/cgroup-hierarchies.ts';
import { bash, LIMITS, run, startWall, until } from './start-wall.ts';

const MEGABYTE = 1024 * 1024;

// Where no control group may be written both are the second; the report says so.
describe.each<[string, Control[]]>([
  ['control groups', ['memory', 'pids', 'cpu', 'cpuacct']],
  ['its processes and files', []],
])('What a box uses, by %s,', (_way, controls) => {
  let walls: Awaited<ReturnType<typeof startWall>>;
  beforeAll(async () => {
    walls = await startWall(controls);
  });
  afterAll(() => walls.close());

  test('grows with its memory and shrinks again', async () => {
    const box = await walls.open();
    const before = (await box.usage()).memoryBytes;
    const holder = await box.start(
      bash(`perl -e '$n = 60e6; $x = "a" x $n; $| = 1; print "held"; sleep 1000'`),
    );
    await until(holder.stdout, 'held');
    const grown = (await box.usage()).memoryBytes - before;
    expect(grown).toBeGreaterThan(60e6);
    expect(grown).toBeLessThan(80e6);
    await box.clear();
    await expect
      .poll(async () => (await box.usage()).memoryBytes - before, { timeout: 30_000 })
      .toBeLessThan(10e6);
    await box.destroy();
  });

  test('tells how full its disk is, whose files count as memory', async () => {
    const box = await walls.open();
    const before = await box.usage();
    expect(before.diskTotalBytes).toBe(LIMITS.diskMb * MEGABYTE);
    await run(box, 'head -c 10M /dev/zero > file; head -c 4M /dev/zero > /tmp/file');
    const after = await box.usage();
    expect(after.diskBytes - before.diskBytes).toBe(14 * MEGABYTE);
    expect(after.memoryBytes - before.memoryBytes).toBeGreaterThan(13 * MEGABYTE);
    expect(after.memoryBytes - before.memoryBytes).toBeLessThan(20 * MEGABYTE);
    await box.destroy();
  });

  test('counts the time of its processes, which stands still while it does', async () => {
    const box = await walls.open();
    const busy = await box.start(bash('while :; do :; done'));
    await expect.poll(async () => (await box.usage()).cpuMs, { timeout: 30_000 }).toBeGreaterThan(200);
    await box.freeze();
    const { cpuMs } = await box.usage();
    await run(await walls.open(), 'for i in {1..100000}; do :; done');
    expect((await box.usage()).cpuMs).toBe(cpuMs);
    await box.destroy();
    await busy.exit;
    await expect(box.usage()).rejects.toThrow('ENOENT');
  });
});
