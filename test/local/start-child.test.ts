import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endChildren, makeNursery, type Nursery } from '../../src/local/nursery.ts';
import { startChild, type Child, type Program } from '../../src/local/start-child.ts';
import { processesOf } from './processes-of.ts';

const IGNORES_TERM = 'trap "" TERM; echo {}; while :; do sleep 60; done';

let folder: string;
let nursery: Nursery;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-child-'));
  nursery = makeNursery(folder, null);
});

afterEach(async () => {
  await endChildren(nursery);
  rmSync(folder, { recursive: true });
});

function start(script: string, more: Partial<Program> = {}): Child {
  return startChild(nursery, {
    name: 'program',
    argv: ['/bin/sh', '-c', script, folder],
    env: { PATH: process.env['PATH'] ?? '' },
    endSignal: 'TERM',
    lingerS: 0,
    graceS: 1,
    rank: 0,
    ...more,
  });
}

async function nothingLeft(): Promise<void> {
  await expect.poll(() => processesOf(folder), { timeout: 20_000 }).toEqual([]);
}

test('the first line of output is handed over as JSON', async () => {
  const child = start(`echo '{"port":7}'; echo more; sleep 60`);
  expect(await child.firstLine).toEqual({ port: 7 });
});

test('a program that ends before it is ready is told with its status, its last words and its log', async () => {
  const child = start('echo "no room" >&2; exit 3');
  await expect(child.firstLine).rejects.toThrow(
    `program ended (status 3), and last said: no room; log: ${folder}/program.log`,
  );
});

test('a program that is asked to end may say goodbye', async () => {
  const child = start('trap "exit 5" TERM; echo {}; while :; do sleep 0.05; done');
  await child.firstLine;
  await child.end();
  expect(await child.ended).toBe(5);
});

test('a program that ignores being asked is killed', async () => {
  const child = start(IGNORES_TERM);
  await child.firstLine;
  await child.end();
  await nothingLeft();
  expect(await child.ended).toBe(137);
});

test('a program whose guard is killed goes with it', async () => {
  const child = start(IGNORES_TERM);
  await child.firstLine;
  process.kill(child.pid, 'SIGKILL');
  await nothingLeft();
  expect(await child.ended).toBeNull();
});

test('a program outlives kill -9 of its keeper by its grace time at most, whatever it ignores', async () => {
  const fixture = join(import.meta.dirname, 'fixtures', 'hold-child.ts');
  const argv = ['--import', 'tsx', fixture, folder, '/bin/sh', '-c', IGNORES_TERM, folder];
  const keeper = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(keeper.stdout, 'data');
  expect(processesOf(folder).length).toBeGreaterThan(1);
  keeper.kill('SIGKILL');
  await nothingLeft();
});

test('users end before what they use', async () => {
  const order: string[] = [];
  const script = 'trap "exit 0" TERM; echo {}; while :; do sleep 0.05; done';
  for (const rank of [2, 0, 1] as const) {
    const child = start(script, { name: `rank-${rank}`, rank });
    await child.firstLine;
    void child.ended.then(() => order.push(child.name));
  }
  await endChildren(nursery);
  expect(order).toEqual(['rank-0', 'rank-1', 'rank-2']);
});

test('nothing is started once the stack goes down', async () => {
  await endChildren(nursery);
  expect(() => start('echo {}')).toThrow('going down');
});
