import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCli, type Ended } from '../test/cli/run-cli.ts';

// The same path as everywhere, with the sandboxes of a real account: E2B's cloud, or an own installation by E2B_API_URL and
// E2B_SANDBOX_URL. Each sandbox lives for seconds; MOST_USD stops dispatching should that be wrong.
const KEY = process.env['E2B_API_KEY'];
const MOST_USD = '0.05';
const WHY = 'skipped: nothing was run on E2B, since E2B_API_KEY is not set';

const SPECS = [
  { id: 'passes', files: { 'hello.sh': 'echo hello' }, test: 'test "$(bash hello.sh)" = hello' },
  { id: 'fails', files: { 'hello.sh': 'echo goodbye' }, test: 'test "$(bash hello.sh)" = hello' },
  { id: 'times-out', test: 'sleep 60', timeouts: { test: 2 } },
  {
    id: 'clones',
    repo: 'https://github.com/octocat/Hello-World.git',
    network: { fetch: 'nat' },
    test: 'test -f README',
  },
  { id: 'no-template', template: 'evalpool-has-no-such-template', test: 'true' },
];
const EXPECTED = {
  passes: 'passed',
  fails: 'failed',
  'times-out': 'timed_out',
  clones: 'passed',
  'no-template': 'invalid',
};

if (KEY === undefined) console.log(WHY);
describe.skipIf(KEY === undefined)(`on E2B (${KEY === undefined ? WHY : `at most $${MOST_USD}`})`, () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'evalpool-e2b-'));
    chmodSync(folder, 0o711);
    // An own installation may not reach the internet.
    const specs = SPECS.filter(({ id }) => id !== 'clones' || process.env['E2B_API_URL'] === undefined);
    writeFileSync(join(folder, 'batch.jsonl'), specs.map((spec) => JSON.stringify(spec)).join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function cli(...args: string[]): Promise<Ended> {
    const env = { EVALPOOL_HOME: join(folder, 'home'), EVALPOOL_PROVIDER: 'e2b', EVALPOOL_TIER: 'hobby' };
    const running = startCli(args, { cwd: folder, env });
    running.child.stdin.end();
    return running.ended;
  }

  test('every kind of verdict comes out as on this machine', { timeout: 600_000 }, async () => {
    await cli('run', 'batch.jsonl', '--batch', 'cloud', '--concurrency', '2', '--max-cost', MOST_USD);
    const lines = readFileSync(join(folder, 'results/cloud/results.jsonl'), 'utf8').trim().split('\n');
    const results = lines.map((line): { id: string; outcome: string } => JSON.parse(line));
    expect(results.length).toBeGreaterThanOrEqual(SPECS.length - 1);
    expect(Object.fromEntries(results.map(({ id, outcome }) => [id, outcome]))).toEqual(
      Object.fromEntries(Object.entries(EXPECTED).filter(([id]) => results.some((each) => each.id === id))),
    );
  });

  test('the start-up times of the account can be measured', { timeout: 600_000 }, async () => {
    const { stdout } = await cli(
      'bench',
      'create',
      '--count',
      '3',
      '--concurrency',
      '2',
      '--hold',
      '0.1',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({ tried: 3, failed: {} });
  });

  test('nothing of ours is left in the account', { timeout: 120_000 }, async () => {
    const { stdout } = await cli('sandboxes', 'list', '--json');
    const rows: Array<{ whose: string }> = JSON.parse(stdout);
    expect(rows.filter(({ whose }) => whose.startsWith('ours'))).toEqual([]);
  });
});
