import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCli, type Ended } from '../cli/run-cli.ts';
import { startDeployment, type Deployment } from './start-deployment.ts';

const NOWHERE = 'http://127.0.0.1:9';

let deployment: Deployment;
beforeAll(async () => {
  const away = { tier: 'local', keyFrom: 'KEY_E', apiUrl: NOWHERE, sandboxUrl: NOWHERE };
  deployment = await startDeployment({ away });
  await deployment.start('dispatcher', 'dispatcher', { EVALPOOL_LOG_LEVEL: 'warn' });
});
afterAll(() => deployment.close());

const cli = async (...args: string[]): Promise<Ended> => {
  const { DATABASE_URL, REDIS_URL, EVALPOOL_HOME } = deployment.env;
  const env = { DATABASE_URL: DATABASE_URL!, REDIS_URL: REDIS_URL!, EVALPOOL_HOME: EVALPOOL_HOME! };
  return startCli(['log-level', ...args], { cwd: deployment.folder, env }).ended;
};

const follows = (): boolean => deployment.logs().includes('"logLevel":"trace"');

test('processes that run follow the level that a command has set', async () => {
  expect((await cli()).stdout).toBe('every process logs as it was started\n');
  await cli('trace', '--of', 'dispatcher');
  const { stdout } = await cli('error', '--for', '5');
  expect(stdout).toBe('all: error for another 5 min\ndispatcher: trace for another 60 min\n');
  await expect.poll(follows, { timeout: 60_000, interval: 100 }).toBe(true);
  await cli('default');
  expect((await cli('default', '--of', 'dispatcher')).stdout).toBe('every process logs as it was started\n');
});

test('a level that there is not is refused with those that there are', async () => {
  const { code, stderr } = await cli('loud');
  expect(code).toBe(2);
  expect(stderr).toContain('expected one of fatal, error');
});
