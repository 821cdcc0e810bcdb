import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseReward } from '../../../src/evaluation/verdict/read-reward.ts';
import { openBench, type Bench } from '../try-spec.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

test.each([
  ['1', { reward: 1 }],
  [' 0.25\n', { reward: 0.25 }],
  ['-1e-3', { reward: -0.001 }],
  ['{"a": 1, "b": 0.5}', { a: 1, b: 0.5 }],
  ['{"__proto__": 1}', { ['__proto__']: 1 }],
])('the rewards in %j are %j', (text, rewards) => {
  expect(parseReward(text)).toEqual({ problem: null, rewards });
});

test.each([
  ['', 'is empty'],
  ['nan', 'the reward reward is no number: nan'],
  ['inf', 'is no number: inf'],
  ['1e999', 'is no number: 1e999'],
  ['1 1', 'is no number: 1 1'],
  ['0x1', 'is no number: 0x1'],
  ['true', 'is no number: true'],
  ['{"a": true}', 'the reward a is no number: true'],
  ['{"a": "1"}', 'the reward a is no number: "1"'],
  ['{"a": 1e999}', 'the reward a is no number'],
  ['{"a": NaN}', 'is no JSON object'],
  ['{}', 'holds 0 rewards'],
  [JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, 1]))), 'holds 101 rewards'],
])('%j is no reward', (text, problem) => {
  expect(parseReward(text)).toEqual({ rewards: {}, problem: expect.stringContaining(problem) });
});

test('rewards are kept, whatever the verdict, and of two files the first that is there counts', async () => {
  const reward = { path: ['/tmp/verifier/reward.txt', '/tmp/verifier/reward.json'] };
  const named = await bench.attempt({ reward, test: `echo '{"a": 1, "b": 0}' > /tmp/verifier/reward.json` });
  expect(named).toMatchObject({ code: 'TESTS_FAILED', rewards: { a: 1, b: 0 } });
  expect(named.message).toBe('the reward b is 0, and at least 1 is expected');
  const both = await bench.attempt({
    reward,
    test: `cd /tmp/verifier; echo 1 > reward.txt; echo '{"reward": 0}' > reward.json`,
  });
  expect(both).toMatchObject({
    code: '',
    rewards: { reward: 1 },
    basis: { reward: { rewards: { reward: 1 } } },
  });
});

test('beside a reward a report shows the tests, and decides only if some of them are asked for', async () => {
  const spec = {
    reward: { path: 'reward.txt' },
    report: { format: 'tap', path: 'report.tap' },
    test: 'echo 1 > reward.txt; printf "not ok 1 - a\\nok 2 - b\\n1..2\\n" > report.tap',
  } as const;
  const tried = await bench.attempt(spec);
  expect(tried).toMatchObject({ code: '', tests: [{ name: 'a', status: 'failed' }, { name: 'b' }] });
  expect(await bench.attempt({ ...spec, expect: { required: ['b'] } })).toMatchObject({ code: '' });
  expect(await bench.attempt({ ...spec, expect: { required: ['a'] } })).toMatchObject({
    code: 'TESTS_FAILED',
  });
});

test('what the tests leave running is ended before anything is read', async () => {
  const running: string[] = [];
  const tried = await bench.attempt(
    { reward: { path: 'reward.txt' }, test: 'echo 1 > reward.txt\nsleep 1234 >/dev/null 2>&1 &' },
    {
      async create(network) {
        const sandbox = await bench.sandboxes.create({
          template: undefined,
          metadata: {},
          lifeMs: 60_000,
          network,
        });
        const lookFirst: typeof sandbox.readFile = async (...of) => {
          const command = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "';
          await sandbox.run({ command, deadlineMs: 9000, onOutput: (chunk) => running.push(chunk) });
          return await sandbox.readFile(...of);
        };
        return { ...sandbox, readFile: lookFirst };
      },
    },
  );
  expect(tried).toMatchObject({ code: '', rewards: { reward: 1 } });
  expect(running.join('')).toContain('cat /proc');
  expect(running.join('')).not.toContain('sleep 1234');
});
