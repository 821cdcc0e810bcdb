import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  folder = mkdtempSync(join(tmpdir(), 'evalpool-run-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  makeRepo(join(folder, 'code'));
  // Held for all tests of this file: each run finds it instead of starting its own.
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent') });
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

function makeRepo(path: string): void {
  mkdirSync(path);
  writeFileSync(join(path, 'answer'), '42\n');
  const git = (...args: string[]): unknown => execFileSync('git', ['-C', path, ...args]);
  git('init', '--quiet');
  git('add', '--all');
  git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '--quiet', '-m', 'One');
}

function start(args: readonly string[]): Running {
  return startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } });
}

async function cli(...args: string[]): Promise<Ended> {
  const running = start(args);
  running.child.stdin.end();
  return running.ended;
}

function batch(name: string, ...lines: unknown[]): string {
  writeFileSync(join(folder, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  return name;
}

function readLines(path: string): unknown[] {
  const text = readFileSync(join(folder, path), 'utf8').trimEnd();
  return text.split('\n').map((line): unknown => JSON.parse(line));
}

const good = { id: 'dir/good', repo: './code', test: 'grep -q 42 answer; echo fine' };
const bad = {
  id: 'bad',
  repo: './code',
  test: "printf 'before \\033[2J\\033]0;title\\007 after\\n'; exit 3",
};

test('a run tells where it runs, evaluates, and leaves results, logs and a summary', async () => {
  const file = batch('mixed.jsonl', good, bad, { id: 'typo', tset: 'x' });
  const { code, stdout, stderr } = await cli('run', file, '--batch', 'mixed');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^provider local: \d+ sandboxes at once; wall bubblewrap: /m);
  expect(stderr).toContain('mixed.jsonl:3: test: is required: text or a list; tset: is no field of a spec');
  expect(stdout).toContain('✗ bad  failed (tests)');
  expect(stdout).toContain('  │ before  after\n  log: results/mixed/logs/bad-0/test.log');
  expect(stdout).toContain(
    'passed 1 · failed 1 · timed out 0 · invalid 1 (unreadable 1) · infra 0 · cancelled 0 · missing 0 of 3 — pass rate 50.0 %',
  );
  // eslint-disable-next-line no-control-regex -- escape codes are what must not be there
  expect(`${stdout}${stderr}`).not.toMatch(/[\u0007\u001b]/);
  expect(readFileSync(join(folder, 'results/mixed/logs/dir+good-0/test.log'), 'utf8')).toContain('fine');
  expect(readLines('results/mixed/results.jsonl')).toMatchObject([
    { id: 'dir/good', outcome: 'passed', logs: { test: 'logs/dir+good-0/test.log' } },
    { id: 'bad', outcome: 'failed', reason: 'tests', exitCode: 3, failure: { code: 'TESTS_FAILED' } },
    { id: null, outcome: 'invalid', reason: 'unreadable', source: join(folder, 'mixed.jsonl:3') },
  ]);
  const summary: unknown = JSON.parse(readFileSync(join(folder, 'results/mixed/summary.json'), 'utf8'));
  expect(summary).toMatchObject({ total: 3, graded: 2, missing: 0, interrupted: false });
});

test('the same batch again evaluates nothing again; --json leaves only the summary on standard output', async () => {
  const before = readLines('results/mixed/results.jsonl');
  const { code, stdout } = await cli(
    'run',
    'mixed.jsonl',
    '--batch',
    'mixed',
    '--json',
    '--min-completion',
    '0.6',
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    batch: 'mixed',
    total: 3,
    outcomes: { passed: 1, failed: 1, invalid: 1 },
  });
  expect(readLines('results/mixed/results.jsonl')).toEqual(before);
});

test('a pass rate below --fail-under ends with 3, from standard input too', async () => {
  const running = start(['run', '-', '--out', 'out', '--fail-under', '0.6']);
  running.child.stdin.end(`${JSON.stringify(good)}\n${JSON.stringify({ ...bad, repo: undefined })}\n`);
  const { code, stdout } = await running.ended;
  expect(code).toBe(3);
  expect(stdout).toContain('pass rate 50.0 %');
  expect(existsSync(join(folder, 'out/summary.json'))).toBe(true);
});

test('a run whose terminal and whose reader go away still writes its results', async () => {
  const running = start(['run', batch('alone.jsonl', good), '--batch', 'alone']);
  running.child.stdout.destroy();
  await running.says('provider local');
  running.child.kill('SIGHUP');
  running.child.stderr.destroy();
  const [code]: unknown[] = await once(running.child, 'exit');
  expect(code).toBe(0);
  expect(readLines('results/alone/results.jsonl')).toMatchObject([{ id: 'dir/good', outcome: 'passed' }]);
});

test('doctor tries one sandbox', async () => {
  const { code, stdout } = await cli('doctor');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {7}one sandbox: create \d+ ms, run \d+ ms, destroy \d+ ms$/m);
  expect(stdout).toMatch(/inside: git version/);
});

test('bench create tells how long creating, the first command and destroying take, and leaves nothing', async () => {
  const { code, stdout } = await cli('bench', 'create', '--count', '5', '--hold', '0.1', '--json');
  expect(code).toBe(0);
  const told: { ms: Array<{ what: string; p50: number; highest: number }> } = JSON.parse(stdout);
  expect(told).toMatchObject({ tried: 5, failed: {} });
  expect(told.ms.map(({ what }) => what)).toEqual(['create', 'first command', 'destroy']);
  for (const { p50, highest } of told.ms) expect(highest).toBeGreaterThanOrEqual(p50);
  for (const { p50 } of told.ms) expect(p50).toBeGreaterThan(0);
  expect((await cli('sandboxes', 'list')).stdout).toBe('no sandboxes\n');
});

test('prune says what it would remove, and with --yes removes it', async () => {
  expect((await cli('prune', '--older-than', '0m')).stdout).toMatch(
    /^batch mixed: 2 evaluations[^]*would remove \d batches/,
  );
  const { stdout } = await cli('prune', '--older-than', '0m', '--yes');
  expect(stdout).toMatch(/^removed [3-9] batches, \d+ mirrors$/m);
  expect((await cli('prune', '--older-than', '0m')).stdout).toMatch(/would remove 0 batches/);
});
