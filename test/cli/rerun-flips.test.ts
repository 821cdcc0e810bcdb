import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { useStack, type Stack } from '../../src/local/use-stack.ts';
import { makeLog } from '../../src/log.ts';
import { startCli, type Ended } from './run-cli.ts';

let folder = '';
let stack: Stack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-rerun-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent'), concurrency: 4 });
  mkdirSync(join(folder, 'repo'));
  git('init', '-q', '-b', 'main', '.');
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: join(folder, 'repo') });
}

/** From now on the tests of the repo's main branch end so. */
function repoEnds(code: number): void {
  writeFileSync(join(folder, 'repo', 'check'), `exit ${code}\n`);
  git('add', '-A');
  git('commit', '-q', '-m', `ends with ${code}`);
}

const cli = async (...args: string[]): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } }).ended;

async function run(name: string, specs: readonly object[]): Promise<void> {
  writeFileSync(join(folder, `${name}.jsonl`), specs.map((spec) => JSON.stringify(spec)).join('\n'));
  expect(await cli('run', `${name}.jsonl`, '--batch', name, '--json')).toMatchObject({ code: 0 });
}

const real = ['real-1', 'real-2'];
const same = ['same-1', 'same-2'].map((id) => ({ id, test: 'true' }));

test('flips are evaluated again on both sides, and only those that show themselves anew are confirmed', async () => {
  repoEnds(1);
  const moody = { id: 'moody', repo: './repo', ref: 'main', test: 'bash check' };
  await run('a', [...same, { id: 'moody', test: 'true' }, ...real.map((id) => ({ id, test: 'true' }))]);
  await run('b', [...same, moody, ...real.map((id) => ({ id, test: 'false' }))]);
  // What comes out otherwise now is the same spec: its first sample was a throw of the dice.
  repoEnds(0);
  const ended = await cli('compare', 'a', 'b', '--rerun-flips', '2', '--json');
  expect(ended).toMatchObject({ code: 0 });
  const told: { rerun: { batch: string } } = JSON.parse(ended.stdout);
  expect(told).toMatchObject({
    a: { graded: 11 },
    b: { graded: 11 },
    flips: [
      { task: 'moody', kind: 'known_flaky', a: { passed: 3, graded: 3 }, b: { passed: 2, graded: 3 } },
      { task: 'real-1', kind: 'beyond_noise' },
      { task: 'real-2', kind: 'beyond_noise' },
    ],
    rerun: {
      times: 2,
      flips: [
        { task: 'moody', confirmation: 'not_confirmed', a: { passed: 2 }, b: { passed: 2 } },
        { task: 'real-1', confirmation: 'confirmed', a: { passed: 2 }, b: { passed: 0 } },
        { task: 'real-2', confirmation: 'confirmed' },
      ],
    },
  });
  expect(told.rerun.batch).toMatch(/^b-flips-\d{17}$/);
  expect(existsSync(join(folder, 'results', told.rerun.batch, 'results.jsonl'))).toBe(true);
  // The flake ledger knows the fresh samples as the same spec.
  expect((await cli('flakes', 'b', told.rerun.batch)).stdout).toMatch(/^moody +\(verdict\) +2 of 3 /m);
});

test('the text shows the verdict before, each flip, and the comparison with all samples', async () => {
  const { stdout } = await cli('compare', 'a', 'b', '--rerun-flips');
  expect(stdout).toMatch(
    /^before: no difference beyond noise: .*\nevaluated 3 flips again, 3 times each side, as batch b-flips-\d+: confirmed 2, undecided 0, not confirmed 1\n {2}confirmed {2}worse {2}real-1 {2}3\/3 → 0\/3\n/,
  );
  expect(stdout).toContain('flips beyond noise: 2 worse, 0 better');
  expect(stdout).toMatch(/, p 0\.125 \(sign-flip test's mid-p\)\n$/);
});

test('without flips nothing runs; results hold no specs to evaluate again', async () => {
  const none = await cli('compare', 'a', 'a', '--rerun-flips');
  expect(none).toMatchObject({ code: 0, stderr: '' });
  expect(none.stdout).not.toContain('before');
  const folders = await cli('compare', 'a', 'results/b', '--rerun-flips');
  expect(folders).toMatchObject({ code: 2, stdout: '' });
  expect(folders.stderr).toContain('results/b is a path, and results hold no specs to evaluate again');
  expect((await cli('compare', 'a', 'b', '--rerun-flips', '1')).stderr).toContain(
    'expected a number from 2 to 100',
  );
});
