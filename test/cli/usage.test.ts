import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInPath } from '../../src/local/find-in-path.ts';
import { startCli, type Ended } from './run-cli.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const running = startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home'), ...env } });
  running.child.stdin.end();
  return running.ended;
}

function batch(name: string, ...lines: unknown[]): string {
  writeFileSync(
    join(folder, name),
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return name;
}

test.each([
  'run',
  'compare',
  'flakes',
  'export',
  'validate',
  'schema',
  'sandbox-server',
  'template',
  'doctor',
  'migrate',
  'prune',
  'version',
])('%s --help shows an example', async (command) => {
  const { code, stdout } = await cli([command, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)*  .*evalpool ${command}`));
});

test.each([
  ['no command', [], /Usage: evalpool/],
  ['an unknown command', ['evaluate'], /unknown command 'evaluate'/],
  ['an unknown option', ['run', 'x', '--fast'], /unknown option '--fast'/],
  ['no input', ['run'], /^USAGE: expected a file, a folder or -, got nothing\nSee --help\.\n$/],
  [
    'a missing file',
    ['run', 'nothing.jsonl'],
    /^INPUT_UNREADABLE: nothing\.jsonl cannot be read: ENOENT.*\nCheck/,
  ],
  ['a limit that is none', ['run', 'x', '--limit', '0'], /expected a whole number of at least 1, got '0'/],
  ['a rate that is none', ['run', 'x', '--fail-under', '68'], /expected a rate from 0 to 1, got '68'/],
  [
    'a batch name that is no folder',
    ['run', 'x', '--batch', '../x'],
    /^USAGE: --batch: expected letters.*got '\.\.\/x'/,
  ],
  [
    'an age that is none',
    ['prune', '--older-than', 'long'],
    /expected a number and m, h or d \(30d\), got 'long'/,
  ],
])('%s ends with 2 and one or two plain lines', async (_, args, said) => {
  const { code, stdout, stderr } = await cli(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(said);
  expect(stderr).not.toMatch(/\n {4}at /);
});

test('a bad setting names the variable, and only debug shows where it was thrown', async () => {
  const bad = await cli(['doctor'], { EVALPOOL_CONCURRENCY: 'many' });
  expect(bad).toMatchObject({ code: 2 });
  expect(bad.stderr).toMatch(/^USAGE: EVALPOOL_CONCURRENCY: /);
  const verbose = await cli(['run', 'nothing.jsonl'], { EVALPOOL_LOG_LEVEL: 'debug' });
  expect(verbose.stderr).toMatch(/\n {4}at /);
});

test('without any valid spec it ends with 2, says why, and starts nothing', async () => {
  const { code, stderr } = await cli(['run', batch('bad.jsonl', { id: 'a', tset: 'x' }, '{')]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'bad.jsonl:1: test: is required: text or a list; tset: is no field of a spec; did you mean "test"?',
  );
  expect(stderr).toContain('bad.jsonl:2: is not JSON');
  expect(stderr).toContain('SPEC_INVALID: none of 2 lines is a valid spec');
  expect(existsSync(join(folder, 'home'))).toBe(false);
});

test('--strict stops at any bad line before anything runs, also from standard input', async () => {
  const lines = [
    { id: 'a', test: 'true' },
    { id: 'a', test: 'false' },
  ];
  const fromFile = await cli(['run', '--strict', batch('double.jsonl', ...lines)]);
  expect(fromFile.code).toBe(2);
  expect(fromFile.stderr).toContain('double.jsonl:2: id: "a" sample 0 is there already: double.jsonl:1');
  expect(fromFile.stderr).toContain('nothing was run');
  const running = startCli(['run', '--strict', '-'], {
    cwd: folder,
    env: { EVALPOOL_HOME: join(folder, 'home') },
  });
  running.child.stdin.end(lines.map((line) => JSON.stringify(line)).join('\n'));
  expect(await running.ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('stdin:2: id: "a"') as unknown,
  });
  expect(existsSync(join(folder, 'home'))).toBe(false);
});

test('validate tells what, where and how much at most, and runs nothing', async () => {
  const timeouts = { create: 10, fetch: 10, test: 100, collect: 5, destroy: 5 };
  const file = batch(
    'good.jsonl',
    ...[0, 1, 2].map((sample) => ({ id: 'a', sample, repo: './code', test: 'x', timeouts })),
  );
  const { code, stdout } = await cli(['validate', file]);
  expect(code).toBe(0);
  expect(stdout).toContain('3 valid specs, 0 lines that are none');
  expect(stdout).toContain(`3 × ${join(folder, 'code')}`);
  expect(stdout).toContain('provider local (tier local), 4 sandboxes at once');
  expect(stdout).toContain('2m 10s for one, 390 sandbox-seconds, $0.00');
  expect(existsSync(join(folder, 'home'))).toBe(false);
});

test('validate knows the prices and the longest session of a tier, and ends with 2 on bad lines', async () => {
  const timeouts = { create: 10, test: 1200, collect: 10, destroy: 10 };
  const long = { ...timeouts, test: 7200 };
  const file = batch(
    'long.jsonl',
    { id: 'a', test: 'x', timeouts },
    { id: 'b', test: 'x', timeouts: long },
    '[]',
  );
  const args = ['validate', file, '--provider', 'cloud', '--json'];
  const { code, stdout, stderr } = await cli(args, { EVALPOOL_TIER: 'hobby' });
  expect(code).toBe(2);
  expect(stderr).toMatch(/long\.jsonl:2: timeouts: .* 7230 s in all .*cloud \(tier hobby\) lives 3600 s/);
  expect(stderr).toContain('long.jsonl:3: expected an object');
  const told: unknown = JSON.parse(stdout);
  const costUsd = expect.closeTo(1230 * (2 * 0.000014 + 0.5 * 0.0000045), 6) as unknown;
  expect(told).toMatchObject({
    provider: 'cloud',
    tier: 'hobby',
    specs: 1,
    badLines: 2,
    sandboxSeconds: 1230,
    costUsd,
  });
  expect((await cli(args, { EVALPOOL_TIER: 'pro' })).stderr).not.toContain('timeouts');
});

test('a provider without its key is told before anything starts, and --provider takes names of the file', async () => {
  const providers = { cloud: { tier: 'pro', keyFrom: 'CLOUD_KEY' } };
  writeFileSync(join(folder, 'providers.json'), JSON.stringify(providers));
  const env = { EVALPOOL_PROVIDERS: 'providers.json' };
  const file = batch('one.jsonl', { id: 'a', test: 'x' });
  const keyless = await cli(['run', file, '--provider', 'cloud'], env);
  expect(keyless).toMatchObject({ code: 2 });
  expect(keyless.stderr).toContain('provider cloud: its key is expected in CLOUD_KEY, which is not set');
  expect((await cli(['validate', file, '--provider', 'cloud'], env)).stdout).toContain(
    'cloud (tier pro), 100',
  );
  expect((await cli(['run', file, '--provider', 'clod'], env)).stderr).toContain('did you mean "cloud"?');
  expect(existsSync(join(folder, 'home'))).toBe(false);
});

test('schema prints JSON Schema, version prints versions', async () => {
  const schema: unknown = JSON.parse((await cli(['schema'])).stdout);
  expect(schema).toMatchObject({ required: ['id', 'test'], additionalProperties: false });
  expect((await cli(['version'])).stdout).toMatch(/^evalpool \d+\.\d+\.\d+ \(node \d+/);
});

test('doctor names what is missing and the one command that mends it', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['git', 'flock']) symlinkSync(findInPath(name) ?? '/bin/false', join(bin, name));
  const { code, stdout } = await cli(['doctor'], { PATH: bin });
  expect(code).toBe(2);
  expect(stdout).toMatch(/^ok {7}git: /m);
  expect(stdout).toMatch(/^MISSING {2}redis-server: /m);
  expect(stdout).toMatch(/^MISSING {2}bubblewrap: /m);
  expect(stdout).toMatch(/^not there {2}python3: /m);
  expect(stdout).toMatch(/run: (sudo )?apt-get install -y .*redis-server bubblewrap$/m);
});

test('prune on a machine without state has nothing to do and starts nothing', async () => {
  const { code, stdout } = await cli(['prune', '--yes']);
  expect(code).toBe(0);
  expect(stdout).toContain('nothing to remove');
  expect(existsSync(join(folder, 'home'))).toBe(false);
});
