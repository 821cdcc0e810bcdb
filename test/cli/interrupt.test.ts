import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCli, type Running } from './run-cli.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-stop-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: string[]): Running {
  return startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } });
}

function batch(name: string, ...lines: unknown[]): string {
  writeFileSync(join(folder, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  return name;
}

test('Ctrl-C pauses, writes what there is and tells how to go on; the same --batch goes on', async () => {
  const file = batch('slow.jsonl', { id: 'a', test: 'sleep 3' }, { id: 'b', test: 'sleep 3' });
  const running = start('run', file, '--batch', 'slow');
  await running.says('provider local');
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('stopping: the batch is paused');
  expect(stdout).toContain('missing 2 of 2');
  expect(stderr).toContain('go on with the same input and --batch slow');
  const summary: unknown = JSON.parse(readFileSync(join(folder, 'results/slow/summary.json'), 'utf8'));
  expect(summary).toMatchObject({ missing: 2, interrupted: true });
  const again = await start('run', file, '--batch', 'slow', '--json').ended;
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ accepted: 2, missing: 0, outcomes: { passed: 2 } });
});

test('a second Ctrl-C ends at once', async () => {
  const running = start('run', batch('long.jsonl', { id: 'long', test: 'sleep 3600' }));
  await running.says('provider local');
  running.child.kill('SIGINT');
  await running.says('stopping');
  running.child.kill('SIGINT');
  expect(await running.ended).toMatchObject({ code: 130 });
});

test('what a producer has sent is accepted before it has sent all, and Ctrl-C does not wait for it', async () => {
  const running = start('run', '-', '--batch', 'stream');
  running.child.stdin.write(`${JSON.stringify({ id: 'a', test: 'sleep 3600' })}\n`);
  await running.says('provider local');
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  expect(code).toBe(130);
  expect(stdout).toContain('missing 1 of 1');
});
