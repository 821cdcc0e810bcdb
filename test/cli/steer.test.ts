import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { useStack, type Stack } from '../../src/local/use-stack.ts';
import { makeLog } from '../../src/log.ts';
import { startCli, type Ended, type Running } from './run-cli.ts';

let folder = '';
let stack: Stack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-steer-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent'), concurrency: 2 });
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]): Running {
  return startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } });
}

const cli = (...args: string[]): Promise<Ended> => start(...args).ended;

function batch(name: string, ...specs: unknown[]): string {
  writeFileSync(join(folder, name), specs.map((line) => JSON.stringify(line)).join('\n'));
  return name;
}

/** Repeats a command until its output holds the text: its own answers are the only clock. */
async function until(text: string, ...args: string[]): Promise<Ended> {
  for (;;) {
    const ended = await cli(...args);
    if (ended.stdout.includes(text)) return ended;
    if (ended.code !== 0) throw new Error(ended.stderr);
  }
}

test('status and explain tell what runs and what waits, cancel ends both', async () => {
  const slow = [1, 2, 3, 4, 5, 6].map((n) => ({ id: `slow-${n}`, test: 'echo begun; sleep 3600' }));
  const running = start('run', batch('slow.jsonl', ...slow), '--batch', 'slow', '--json');
  await until('slow ', 'status');
  await until('stage test', 'explain', 'slow', 'slow-1');
  expect((await cli('status', 'slow')).stdout).toMatch(/slow +default +sealed +0\/6 \(0\.0 %\) +2 /);
  const waiting = (await cli('explain', 'slow', 'slow-6')).stdout;
  expect(waiting).toContain('waiting: 2 of its batch go before it');
  expect(waiting).toContain('2 of 2 slots of local are held');
  expect((await cli('sandboxes', 'list')).stdout.match(/ ours /g)).toHaveLength(2);
  expect((await cli('cancel', 'slow')).stdout).toBe('slow is cancelled\n');
  const { code, stdout } = await running.ended;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ outcomes: { cancelled: 6, passed: 0 }, missing: 0 });
  const results = readFileSync(join(folder, 'results/slow/results.jsonl'), 'utf8').trim().split('\n');
  expect(results.map((line): unknown => JSON.parse(line))).toMatchObject(
    slow.map(() => ({ outcome: 'cancelled' })),
  );
  await until('0/2', 'providers', 'list');
  const again = await cli('run', 'slow.jsonl', '--batch', 'slow');
  expect(again.stderr).toContain('the batch slow was cancelled');
});

test('retry evaluates again what ended in the chosen way, a changed spec is evaluated again by itself', async () => {
  const specs = [
    { id: 'good', test: 'true' },
    { id: 'bad', test: 'false' },
  ];
  const file = batch('again.jsonl', ...specs);
  const run = async (): Promise<unknown> =>
    JSON.parse((await cli('run', file, '--batch', 'again', '--json')).stdout);
  expect(await run()).toMatchObject({ outcomes: { passed: 1, failed: 1 } });
  expect((await cli('retry', 'again', '--failed')).stdout).toBe('1 evaluations of again wait again\n');
  expect((await cli('retry', 'again')).code).toBe(2);
  expect(await run()).toMatchObject({ outcomes: { passed: 1, failed: 1 }, missing: 0 });
  const explained = (await cli('explain', 'again', 'bad')).stdout;
  expect(explained).toMatch(/^ {2}1 .* failed after/m);
  expect(explained).toMatch(/^ {2}2 .* failed after/m);
  batch('again.jsonl', specs[0], { id: 'bad', test: 'true' });
  expect(await run()).toMatchObject({ accepted: 2, outcomes: { passed: 2, failed: 0 }, missing: 0 });
});

test('a batch that has spent its budget stops, and goes on with a higher one', async () => {
  const file = batch(
    'spent.jsonl',
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ id: `s${n}`, test: 'sleep 0.4' })),
  );
  const first = await cli('run', file, '--batch', 'spent', '--max-sandbox-hours', '0.0003', '--json');
  expect(first.code).toBe(1);
  expect(first.stderr).toContain('its budget is spent');
  const { missing, outcomes }: { missing: number; outcomes: { passed: number } } = JSON.parse(first.stdout);
  expect(missing).toBeGreaterThan(0);
  expect(outcomes.passed + missing).toBe(8);
  const waits = await cli('explain', 'spent', 's8');
  expect(waits.stdout).toContain('sandbox-hours');
  const second = await cli('run', file, '--batch', 'spent', '--max-sandbox-hours', 'none', '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({ outcomes: { passed: 8 }, missing: 0 });
});

test('limits changed by hand are what evaluators see, until taken back', async () => {
  await cli('providers', 'set', 'local', '--max-sandboxes', '5', '--reserve', '2');
  expect((await cli('providers')).stdout).toMatch(/local +local +5 +0\/3 .*2 reserved/);
  await cli('providers', 'set', 'local', '--max-sandboxes', 'none', '--reserve', '0');
  expect((await cli('providers')).stdout).toMatch(/local +local +2 +0\/2 .*ok/);
  expect((await cli('providers', 'set', 'nobody', '--reserve', '1')).code).toBe(2);
});

test('a run goes on when Postgres crashes under it, while it looks on and while it accepts', async () => {
  const running = start('run', '-', '--batch', 'crashed', '--json');
  running.child.stdin.write('{"id":"before","test":"true"}\n');
  await until('crashed ', 'status');
  const file = join(folder, 'home', 'database', '18', 'postmaster.pid');
  // An immediate shutdown: one that is killed with -9 leaves children that keep the next one out.
  process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGQUIT');
  running.child.stdin.end('{"id":"after","test":"true"}\n');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, outcomes: { passed: 2 }, missing: 0 });
});
