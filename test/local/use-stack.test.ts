import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readConfig, type Config } from '../../src/config.ts';
import { findInPath } from '../../src/local/find-in-path.ts';
import { useStack } from '../../src/local/use-stack.ts';
import { makeLog } from '../../src/log.ts';
import { processesOf } from './processes-of.ts';
import { pidOf, startRun } from './start-run.ts';

const log = makeLog('test', 'silent');
let folder: string;
let home: string;
let config: Config;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-stack-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  home = join(folder, 'home');
  config = readConfig({ EVALPOOL_HOME: home });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await nothingLeft();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function nothingLeft(): Promise<void> {
  await expect.poll(() => processesOf(home), { timeout: 30_000 }).toEqual([]);
}

async function queryPostgres(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query("select current_database() || ' of ' || current_user as name")).rows;
  } finally {
    await client.end();
  }
}

test('two runs share one stack, and the last one leaves nothing running', async () => {
  const [first, second] = await Promise.all([useStack(config, { log }), useStack(config, { log })]);
  expect(second.databaseUrl).toBe(first.databaseUrl);
  expect(second.provider.apiKey).toBe(first.provider.apiKey);
  expect(first.processes.map(({ name }) => name).toSorted()).toEqual(['dispatcher', 'evaluator', 'reaper']);
  for (const { health } of first.processes) {
    expect((await fetch(`${health}/healthz`)).status).toBe(200);
  }
  await first.leave();
  expect(await queryPostgres(second.databaseUrl)).toEqual([{ name: 'evalpool of evalpool' }]);
  const redis = new Redis(second.redisUrl.replace('unix://', ''));
  expect(await redis.ping()).toBe('PONG');
  redis.disconnect();
  await second.leave();
  expect(processesOf(home)).toEqual([]);
});

test('kill -9 of the only run leaves nothing running', async () => {
  const { run } = await startRun(home);
  expect(pidOf(home, 'bin/postgres')).toBeGreaterThan(0);
  run.kill('SIGKILL');
  await nothingLeft();
});

test('kill -9 of the keeper leaves nothing running, and runs hear of it', async () => {
  const { run, nextLine } = await startRun(home);
  process.kill(pidOf(home, 'workers/keeper.js'), 'SIGKILL');
  expect(await nextLine()).toBe('failed STACK_FAILED');
  run.kill('SIGKILL');
  await nothingLeft();
});

test('after kill -9 of keeper and run at once the next run waits until the old stack is gone, and starts', async () => {
  const { run } = await startRun(home);
  const old = pidOf(home, 'bin/postgres');
  process.kill(pidOf(home, 'workers/keeper.js'), 'SIGKILL');
  run.kill('SIGKILL');
  const stack = await useStack(config, { log });
  expect(processesOf(home).map(({ pid }) => pid)).not.toContain(old);
  expect(await queryPostgres(stack.databaseUrl)).toHaveLength(1);
  await stack.leave();
});

test.each(['bin/postgres', 'redis-server', 'sandbox-server/main.js', 'workers/evaluator.js'])(
  '%s is started again after it was killed',
  async (part) => {
    const { run } = await startRun(home);
    const old = pidOf(home, part);
    process.kill(old, 'SIGKILL');
    await expect.poll(() => pidOf(home, part), { timeout: 30_000 }).not.toBeOneOf([old, Number.NaN]);
    const exit = once(run, 'exit');
    run.stdin?.end();
    await exit;
  },
);

test('a run with other settings is refused with the name of the setting, and the stack stays', async () => {
  const stack = await useStack(config, { log });
  const other = readConfig({ EVALPOOL_HOME: home, EVALPOOL_TEMPLATE: 'other' });
  await expect(useStack(other, { log })).rejects.toThrow('started with another EVALPOOL_TEMPLATE');
  expect(await queryPostgres(stack.databaseUrl)).toHaveLength(1);
  await stack.leave();
});

test('who only looks takes the running stack as it is, whatever its settings', async () => {
  const stack = await useStack(config, { log });
  const other = readConfig({ EVALPOOL_HOME: home, EVALPOOL_PROVIDER: 'cloud' });
  const looking = await useStack(other, { log, asItIs: true });
  expect(looking.provider).toEqual(stack.provider);
  await Promise.all([looking.leave(), stack.leave()]);
});

test('the key of the provider reaches evaluator and reaper, not the dispatcher, and nobody by argument', async () => {
  const stack = await useStack(config, { log });
  const key = stack.provider.apiKey ?? 'none';
  const holders = processesOf(home).filter(({ pid }) =>
    readFileSync(`/proc/${pid}/environ`, 'utf8').includes(key),
  );
  const names = holders.flatMap(({ command }) => /workers\/(\w+)\.js/.exec(command)?.[1] ?? []);
  expect([...new Set(names)].toSorted()).toEqual(['evaluator', 'reaper']);
  expect(processesOf(home).filter(({ command }) => command.includes(key))).toEqual([]);
  await stack.leave();
});

test('--concurrency of a later run changes the limit of the running stack', async () => {
  const stack = await useStack(config, { log, concurrency: 3 });
  const later = await useStack(config, { log, concurrency: 7 });
  expect([stack.provider.maxSandboxes, later.provider.maxSandboxes]).toEqual([3, 7]);
  await Promise.all([stack.leave(), later.leave()]);
});

test('a machine without redis-server is told the one command', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const program of ['flock', 'sleep', 'bwrap', 'perl']) {
    const path = findInPath(program);
    if (path) symlinkSync(path, join(bin, program));
  }
  vi.stubEnv('PATH', bin);
  await expect(useStack(config, { log })).rejects.toMatchObject({
    code: 'MACHINE_LACKS',
    message: expect.stringContaining('apt-get install -y redis-server'),
  });
});
