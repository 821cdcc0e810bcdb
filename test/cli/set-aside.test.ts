import { existsSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  folder = mkdtempSync(join(tmpdir(), 'evalpool-aside-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent'), concurrency: 2 });
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

const cli = async (...args: string[]): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } }).ended;

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const asLines = (values: readonly object[]): string =>
  values.map((value) => JSON.stringify(value)).join('\n');

const reporting = (id: string, ...lines: string[]): object => ({
  id,
  test: ['echo 1..$#', ...lines.map((line) => `echo '${line}'`)]
    .join('\n')
    .replace('$#', String(lines.length)),
  report: { format: 'tap' },
});

const problem = (id: string, solution: string): object => ({
  task_id: id,
  prompt: 'def one():\n',
  entry_point: 'one',
  canonical_solution: solution,
  test: 'def check(candidate):\n    assert candidate() == 1\n',
});

test('a quarantined test is told, and so is the pass rate without it', async () => {
  const specs = [
    reporting('flaky', 'ok 1 - a', 'not ok 2 - clock'),
    reporting('alone', 'not ok 1 - clock'),
    reporting('bad', 'not ok 1 - a', 'not ok 2 - clock'),
    reporting('good', 'ok 1 - a'),
    reporting('whole', 'not ok 1 - a'),
  ];
  const file = write(
    'aside.txt',
    'whole\n# tests:\nflaky\tclock\nalone\tclock\nbad\tclock\ngood\tclock\nwhole\ta\n',
  );
  const args = ['run', write('aside.jsonl', asLines(specs)), '--batch', 'aside', '--quarantine', file];
  const ended = await cli(...args, '--fail-under', '0.6', '--json');
  expect(ended).toMatchObject({ code: 0 });
  expect(JSON.parse(ended.stdout)).toMatchObject({
    outcomes: { passed: 1, failed: 4 },
    quarantine: {
      tasks: 1,
      without: {
        tests: [
          { task: 'flaky', test: 'clock', failed: 1, seen: 1 },
          { task: 'alone', test: 'clock', failed: 1, seen: 1 },
          { task: 'bad', test: 'clock', failed: 1, seen: 1 },
          { task: 'good', test: 'clock', failed: 0, seen: 0 },
        ],
        turned: 1,
        empty: 1,
        emptyPassed: 0,
      },
      rest: { graded: 3, passRate: 2 / 3 },
    },
  });
  const told = (await cli(...args)).stdout;
  expect(told).toContain(
    'quarantined 4 tests: without them 1 more evaluations pass, 1 have nothing left to judge by',
  );
  expect(told).toMatch(/^ {2}good {2}clock {2}in no report$/m);
  expect((await cli('compare', 'aside', 'aside', '--quarantine', file)).stderr).toContain(
    'compare goes by verdicts',
  );
});

test('what flakes lists as a quarantine is one', async () => {
  const coin =
    'n=$RANDOM; if [ $((n % 2)) = 0 ]; then r=ok; else r="not ok"; fi; echo 1..2; echo "$r 1 - coin"; echo ok 2 - a';
  const specs = [{ id: 'coin', test: coin, report: { format: 'tap' } }];
  await cli(
    'run',
    write('coin.jsonl', asLines(specs)),
    '--batch',
    'coin',
    '--repeat',
    '40',
    '--min-completion',
    '0',
  );
  const { stdout } = await cli('flakes', 'coin', '--quarantine');
  expect(stdout).toBe('# 0 flaky tasks, 1 flaky tests\ncoin\tcoin\n');
  const again = [
    'run',
    'coin.jsonl',
    '--batch',
    'coin',
    '--repeat',
    '40',
    '--quarantine',
    write('coin.txt', stdout),
  ];
  expect(JSON.parse((await cli(...again, '--json')).stdout)).toMatchObject({
    quarantine: { rest: { graded: 40, passRate: 1 } },
  });
});

test('a gold run names the tasks whose own solution does not pass, and ends with 5 unless they are set aside', async (context) => {
  context.skip(!existsSync('/usr/bin/python3'), 'this machine has no /usr/bin/python3');
  const once = '    import random\n    return random.randrange(2)\n';
  const problems = [
    problem('p/good', '    return 1\n'),
    problem('p/bad', '    return 2\n'),
    problem('p/coin', once),
  ];
  const args = ['run', '--format', 'humaneval', '--gold', '--problems', write('p.jsonl', asLines(problems))];
  const ended = await cli(...args, '--batch', 'gold', '--repeat', '30');
  expect(ended).toMatchObject({ code: 5 });
  expect(ended.stdout).toContain(
    'gold: 1 of 3 tasks are invalid, since their own solution does not pass, and 1 are flaky\n  invalid  p/bad  passed 0 of 30\n  flaky  p/coin  passed ',
  );
  const list = join('results', 'gold', 'invalid-tasks.txt');
  expect(readFileSync(join(folder, list), 'utf8')).toBe(
    '# Their own solution never passes:\np/bad\n# Their own solution passes some of the times:\np/coin\n',
  );
  const again = await cli(...args, '--batch', 'gold', '--repeat', '30', '--quarantine', list, '--json');
  expect(again).toMatchObject({ code: 0 });
  expect(JSON.parse(again.stdout)).toMatchObject({
    gold: { tasks: 3, invalid: [], flaky: [], known: 2, untried: 0 },
  });
});
