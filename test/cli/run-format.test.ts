import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { useStack, type Stack } from '../../src/local/use-stack.ts';
import { makeLog } from '../../src/log.ts';
import { startCli, type Ended } from './run-cli.ts';

const FIXTURE = join(import.meta.dirname, '../intake/formats/fixtures/swebench');

let folder = '';
let stack: Stack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-run-format-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent') });
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<Ended> {
  const files = ['instances.jsonl', 'predictions.jsonl', 'templates.json'].map((name) => join(FIXTURE, name));
  const [instances = '', predictions = '', templates = ''] = files;
  const given = ['--instances', instances, '--predictions', predictions, '--templates', templates];
  const running = startCli(['run', '--format', 'swebench', ...given, '--json', ...args], {
    cwd: folder,
    env: { EVALPOOL_HOME: join(folder, 'home') },
  });
  running.child.stdin.end();
  return running.ended;
}

test('a run of predictions counts what passed, what was empty, and what could not be evaluated', async () => {
  const { stdout, stderr } = await run('--batch', 'joined');
  expect(JSON.parse(stdout)).toMatchObject({
    outcomes: { passed: 2, failed: 4, invalid: 3 },
    reasons: expect.arrayContaining([{ outcome: 'failed', reason: 'empty_patch', count: 2 }]),
  });
  const said = stderr.split('\n');
  expect(said.findIndex((line) => line.startsWith('1 of 4 instances have no template'))).toBe(0);
  expect(said).toContain('1 of 4 instances were not submitted and are not evaluated: example__tiny-3');
  expect(said).toContain('2 predictions are empty patches: they count as failed (EMPTY_PATCH)');
});

test('--strict runs nothing of it, and says each thing once', async () => {
  const { code, stderr } = await run('--strict', '--batch', 'strict');
  expect(code).toBe(2);
  expect(stderr.match(/instances have no template/g)).toHaveLength(1);
  expect(stderr).toContain('--strict: 3 lines are no valid specs; nothing was run');
});
