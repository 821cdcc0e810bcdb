import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findHierarchies, type Control } from '../../../src/sandbox-server/walls/cgroup-hierarchies.ts';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { bash, run, startWall, until } from './start-wall.ts';

// Where no control group may be written both ways are the second; the report says so.
describe.each<[string, Control[]]>([
  ['control groups', ['memory', 'pids', 'cpu', 'freezer']],
  ['signals', []],
])('A box frozen by %s', (_way, controls) => {
  let walls: Awaited<ReturnType<typeof startWall>>;
  beforeAll(async () => {
    walls = await startWall(controls);
  });
  afterAll(() => walls.close());

  test('stands still until it is thawed, children and all, and goes on where it was', async () => {
    const box = await walls.open();
    const counter = await box.start(bash(COUNT));
    await until(counter.stdout, 'ready');
    await box.freeze();
    const frozen = await counts(box);
    await wait(100); // a running counter counts a thousand times meanwhile
    expect(await counts(box)).toEqual(frozen);
    await box.thaw();
    await expect.poll(() => counts(box)).not.toEqual(frozen);
    counter.stdout.resume();
    counter.kill('SIGTERM');
    expect(await counter.exit).toEqual({ signal: 'SIGTERM' });
    await box.destroy();
  });

  test('stands still though its processes wake each other all the time', async () => {
    const box = await walls.open();
    const waker = await box.start(bash(WAKERS));
    await until(waker.stdout, 'ready');
    for (let times = 0; times < 30; times++) {
      await box.freeze();
      const frozen = await counts(box);
      await wait(5);
      expect(await counts(box)).toEqual(frozen);
      await box.thaw();
      await expect.poll(() => counts(box), { interval: 1 }).not.toEqual(frozen);
    }
    await box.destroy();
  });

  test('stays so until the last of several freezes is taken back', async () => {
    const box = await walls.open();
    const counter = await box.start(bash(COUNT));
    await until(counter.stdout, 'ready');
    await Promise.all([box.freeze(), box.freeze()]);
    await box.thaw();
    const frozen = await counts(box);
    await wait(100);
    expect(await counts(box)).toEqual(frozen);
    await box.thaw();
    await expect.poll(() => counts(box)).not.toEqual(frozen);
    await box.destroy();
  });

  test('lets a command wait that is started meanwhile', async () => {
    const box = await walls.open();
    await box.freeze();
    const late = run(box, 'echo now > /tmp/late; echo done');
    await wait(50);
    await expect(box.files.stat('/tmp/late')).rejects.toThrow('ENOENT');
    await box.thaw();
    expect(await late).toMatchObject({ out: 'done\n' });
    await box.destroy();
  });

  test('is destroyed at once, and nothing of it is left', async () => {
    const box = await walls.open();
    const counter = await box.start(bash(COUNT));
    await until(counter.stdout, 'ready');
    await box.freeze();
    const late = box.start(bash('true'));
    const pids = processesOf(box);
    expect(pids.length).toBeGreaterThan(2);
    await Promise.all([box.destroy(), expect(late).rejects.toThrow('the sandbox is gone')]);
    expect(await counter.exit).toEqual({ signal: 'SIGKILL' });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(groupsOfBoxes()).toEqual([]);
    await expect(box.freeze()).rejects.toThrow('the sandbox is gone');
  });

  test('dies with its launcher', async () => {
    const box = await walls.open();
    const counter = await box.start(bash(COUNT));
    await until(counter.stdout, 'ready');
    await box.freeze();
    // Without the first process: it waits until whoever inherits the launcher's children has reaped them.
    const pids = processesOf(box).filter((pid) => pid !== box.pid);
    process.kill(parentOf(parentOf(box.pid)), 'SIGKILL');
    await box.ended;
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  test('cleared, loses its processes and keeps its files', async () => {
    const box = await walls.open();
    const counter = await box.start(bash(`trap "" TERM HUP; (setsid sleep 1000 &); ${COUNT}`));
    await until(counter.stdout, 'ready');
    await box.clear();
    expect(await counter.exit).toEqual({ signal: 'SIGKILL' });
    expect((await run(box, 'set -- /proc/[0-9]*; cat /tmp/1 > /dev/null && echo $#')).out).toBe('2\n');
    await box.destroy();
  });
});

/** Two shells that count in /tmp. */
const COUNT = `
for i in 1 2; do (n=0; while :; do echo $((n += 1)) > /tmp/$i; done) & done
until [ -s /tmp/1 -a -s /tmp/2 ]; do :; done; echo ready; wait`;

/** Five processes that do nothing but signal all others to go on, and count in /tmp how often. */
const WAKERS = `perl -e 'fork for 1 .. 2; fork; $n = $$; open F, ">", "/tmp/$n" or die;
  while (1) { kill CONT => -1; next if ++$i % 50; seek F, 0, 0; syswrite F, $i }' & sleep 0.2; echo ready; wait`;

async function counts(box: HostBox): Promise<string[]> {
  const names = (await box.files.list('/tmp', 1)).map(({ path }) => path).toSorted();
  return Promise.all(
    names.map(async (path) => {
      const file = await box.files.openForRead(path);
      try {
        return String(await file.read(0, file.size));
      } finally {
        await file.close();
      }
    }),
  );
}

/** Control groups of this server's boxes, in every tree. */
function groupsOfBoxes(): string[] {
  const groups = findHierarchies().flatMap(({ folder }) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(`evalpool-${process.pid}-`))
      .flatMap(({ name }) => readdirSync(join(folder, name), { withFileTypes: true })),
  );
  const names = groups.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.filter((name) => name !== 'launcher');
}

/** Host pids of everything in the pid namespace of the box. */
function processesOf(box: HostBox): number[] {
  const inside = namespaceOf(box.pid);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => namespaceOf(pid) === inside);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null; // over meanwhile, or not ours
  }
}

function parentOf(pid: number): number {
  return Number(/PPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
