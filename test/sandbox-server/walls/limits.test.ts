import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { bash, LIMITS, run, startWall, until } from './start-wall.ts';

let walls: Awaited<ReturnType<typeof startWall>>;
let box: HostBox;

beforeAll(async () => {
  walls = await startWall();
  box = await walls.open();
});
afterAll(() => walls.close());

const BALLOON = 'const all = []; setInterval(() => all.push(Buffer.alloc(16e6, 1)), 10)';

test('A memory balloon is killed, and its shell and box live on', async () => {
  const { out } = await run(box, `node -e '${BALLOON}'; echo code $?`);
  expect(out).toBe('code 137\n');
  expect(await run(box, `exec node -e '${BALLOON}'`)).toMatchObject({ exit: { signal: 'SIGKILL' } });
  expect(await run(box, 'echo alive')).toMatchObject({ out: 'alive\n' });
});

test('Files count as memory of the box, once', async () => {
  const small = await walls.wall.open({
    id: 'small',
    limits: { ...LIMITS, memoryMb: 96, diskMb: 64 },
    network: 'none',
  });
  // It holds its memory for a while, as the watcher of machines without cgroups looks now and then.
  const hold = `perl -e '$n = 40e6; $x = "a" x $n; select undef, undef, undef, 1; print "fits"'; echo " $?"`;
  expect((await run(small, hold)).out).toBe('fits 0\n');
  await run(small, 'head -c 20M /dev/zero > file');
  expect((await run(small, hold)).out).toBe('fits 0\n');
  await run(small, 'head -c 60M /dev/zero > file');
  expect((await run(small, hold)).out).toBe(' 137\n');
  await small.destroy();
});

test('A fork bomb is bounded, the box still answers and can be destroyed', async () => {
  const bombed = await walls.open();
  const bomb = await bombed.start(bash('f() { f | f & }; f; f; sleep 1000'));
  await until(bomb.stderr, 'Resource temporarily unavailable');
  bomb.stderr.resume();
  // exec: a command can always be started, but not fork while the bomb holds every place.
  const { out } = await run(bombed, 'set -- /proc/[0-9]*; exec echo $#');
  expect(Number(out)).toBeLessThanOrEqual(LIMITS.processes + 2);
  await bombed.destroy();
  expect(await run(box, 'echo alive')).toMatchObject({ out: 'alive\n' });
});

test('A full disk ends with ENOSPC, in home and in /tmp', async () => {
  for (const place of ['/home/user', '/tmp', '/dev/shm']) {
    const { err } = await run(box, `head -c 100M /dev/zero > ${place}/file; rm ${place}/file`);
    expect(err).toContain('No space left on device');
  }
});

test('No core files are written', async () => {
  expect((await run(box, 'ulimit -c; ulimit -Hc')).out).toBe('0\n0\n');
});
