import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  folder = mkdtempSync(join(tmpdir(), 'evalpool-compare-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent') });
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

const cli = async (...args: string[]): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } }).ended;

function writeLines(name: string, lines: readonly unknown[]): string {
  writeFileSync(join(folder, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  return name;
}

/** A results folder of one task per outcome. */
function results(name: string, outcomes: readonly string[], summary?: object): string {
  mkdirSync(join(folder, name));
  writeLines(
    join(name, 'results.jsonl'),
    outcomes.map((outcome, index) => ({ id: `t${index}`, sample: 0, outcome })),
  );
  if (summary) writeFileSync(join(folder, name, 'summary.json'), JSON.stringify(summary));
  return name;
}

function spec(id: string, sample: number, script: string): object {
  return { id, sample, test: script };
}

const passed = Array<string>(10).fill('passed');
const half = [...Array<string>(6).fill('failed'), ...Array<string>(4).fill('passed')];

test('a run that is significantly worse ends with status 4, the other way round with 0', async () => {
  const [good, bad] = [results('good', passed), results('bad', half)];
  const worse = await cli('compare', good, bad);
  expect(worse).toMatchObject({ code: 4, stderr: '' });
  expect(worse.stdout).toMatch(
    /\nworse: A passes 100\.0 %, B 40\.0 % of 10 paired tasks, −60\.0 points .*\n$/,
  );
  const better = await cli('compare', join(bad, 'results.jsonl'), good, '--json');
  expect(better.code).toBe(0);
  expect(JSON.parse(better.stdout)).toMatchObject({ verdict: 'better', mcnemar: { onlyA: 0, onlyB: 6 } });
});

test('what was not graded or never ran lowers completion, and ends with status 1 unless allowed', async () => {
  const whole = results('whole', passed);
  const part = results('part', [...passed.slice(0, 8), 'infra_error'], { total: 16 });
  const { code, stdout } = await cli('compare', whole, part);
  expect(code).toBe(1);
  expect(stdout).toContain(
    'B part: pass rate 100.0 % [67.6–100.0] of 8 graded in 9 tasks, completion 50.0 %',
  );
  expect(stdout).toContain(
    "paired 8 tasks, 80.0 % of A's; only in A 1, only in B 0, not graded in one of them 1",
  );
  expect((await cli('compare', whole, part, '--min-completion', '0.8')).code).toBe(0);
});

test('what is neither results nor a batch is said, and nothing to compare is no success', async () => {
  const some = results('some', ['passed']);
  expect(await cli('compare', some, 'no/such/place')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no/such/place cannot be read'),
  });
  expect((await cli('compare', some, 'nosuchbatch')).stderr).toContain("there is no batch 'nosuchbatch'");
  const others = results('others', ['infra_error']);
  expect(await cli('compare', some, others)).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('nothing to compare'),
  });
});

test('samples of a task are told as pass@k, and batches are compared by name', async () => {
  const file = writeLines('samples.jsonl', [
    ...[0, 1, 2, 3].map((sample) => spec('mixed', sample, sample === 0 ? 'true' : 'false')),
    ...[0, 1].map((sample) => spec('sure', sample, 'true')),
    { ...spec('ungraded', 0, 'true'), template: 'nosuch' },
  ]);
  const run = await cli('run', file, '--batch', 'k', '--pass-at', '2, 1,4');
  expect(run.stdout).toContain('3 tasks, up to 4 samples each; samples disagree in 1, none graded in 1');
  expect(run.stdout).toMatch(/^pass@1 62\.5 % \[25\.0–100\.0\] of 2 of 3 tasks; 1 have fewer than 1 graded/m);
  expect(run.stdout).toMatch(/^pass@2 75\.0 % .* of 2 of 3 tasks/m);
  expect(run.stdout).toMatch(/^pass@4 100\.0 % of 1 of 3 tasks; 2 have fewer than 4 graded samples/m);
  const summary: unknown = JSON.parse(readFileSync(join(folder, 'results/k/summary.json'), 'utf8'));
  expect(summary).toMatchObject({
    samples: {
      tasks: 3,
      mixed: 1,
      ungraded: 1,
      passAt: [{ k: 1, rate: 0.625 }, { k: 2 }, { k: 4, short: 2 }],
    },
  });
  const tasks = readFileSync(join(folder, 'results/k/tasks.jsonl'), 'utf8').trim().split('\n');
  expect(tasks.map((line): unknown => JSON.parse(line))).toEqual([
    { id: 'mixed', passed: 1, graded: 4, samples: 4, passAt: { 1: 0.25, 2: 0.5, 4: 1 } },
    { id: 'sure', passed: 2, graded: 2, samples: 2, passAt: { 1: 1, 2: 1, 4: null } },
    { id: 'ungraded', passed: 0, graded: 0, samples: 1, passAt: { 1: null, 2: null, 4: null } },
  ]);
  const compared = await cli('compare', 'k', 'results/k', '--json', '--min-completion', '0');
  expect(compared.code).toBe(0);
  expect(JSON.parse(compared.stdout)).toMatchObject({
    a: { name: 'k', graded: 6, total: 7, mixed: 1 },
    b: { name: 'results/k', graded: 6, total: 7, mixed: 1 },
    tasks: { paired: 2, ungraded: 1 },
    verdict: 'no_difference',
    flips: [],
  });
});

test('--repeat evaluates each spec so often, once only, and flakes names what came out both ways', async () => {
  // The first digit of a random id is a coin; that twenty fall alike happens once in 524,288 times.
  const coin = 'id=$(cat /proc/sys/kernel/random/uuid); case ${id%"${id#?}"} in [0-7]) exit 1;; esac';
  const file = writeLines('repeat.jsonl', [spec('sure', 0, 'true'), { id: 'coin', test: coin }]);
  const run = async (): Promise<Ended> => cli('run', file, '--batch', 'repeat', '--repeat', '20', '--json');
  const first = await run();
  const summary: unknown = JSON.parse(first.stdout);
  expect(summary).toMatchObject({ total: 40, completion: 1, samples: { tasks: 2, most: 20, mixed: 1 } });
  const again: unknown = JSON.parse((await run()).stdout);
  expect(again).toEqual(summary);
  const flakes = await cli('flakes', 'repeat', '--json');
  expect(JSON.parse(flakes.stdout)).toMatchObject({
    repeated: 2,
    flakes: [{ task: 'coin', test: null, seen: 20, since: 'known' }],
  });
  expect((await cli('flakes', 'nosuch')).code).toBe(2);
});

test('tasks in quarantine are reported, and leave --fail-under and the verdict alone', async () => {
  const file = writeLines('set-aside.jsonl', [spec('sound', 0, 'true'), spec('known-bad', 0, 'false')]);
  writeFileSync(join(folder, 'quarantine.txt'), '# mended soon\nknown-bad\n\n  gone long ago \n');
  const args = ['run', file, '--batch', 'set-aside', '--fail-under', '0.9'];
  expect((await cli(...args)).code).toBe(3);
  const { code, stdout } = await cli(...args, '--quarantine', 'quarantine.txt');
  expect(code).toBe(0);
  expect(stdout).toContain(
    'quarantined 1 tasks (1 more are listed, but not in the batch): passed 0 of 1 graded; without them pass rate 100.0 % [20.7–100.0] of 1 graded',
  );
  expect(stdout).toContain('pass rate 50.0 %');
  const summary: unknown = JSON.parse(readFileSync(join(folder, 'results/set-aside/summary.json'), 'utf8'));
  expect(summary).toMatchObject({
    passRate: 0.5,
    quarantine: { tasks: 1, absent: 1, rest: { passRate: 1 } },
  });
  const compared = await cli('compare', 'set-aside', 'set-aside', '--quarantine', 'quarantine.txt');
  expect(compared.stdout).toContain('paired 1 tasks');
  expect(compared.stdout).toContain('quarantined 1');
  expect((await cli('compare', 'set-aside', 'set-aside', '--quarantine', 'nosuch.txt')).code).toBe(2);
});
