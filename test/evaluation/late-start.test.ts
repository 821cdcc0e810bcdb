import { afterAll, beforeAll, expect, test } from 'vitest';
import { playFaults } from '../sandbox-server/ask-admin.ts';
import { startSimulatedServer, type TestServer } from '../sandbox-server/start-test-server.ts';
import { openBench, type Bench } from './try-spec.ts';

let server: TestServer;
let bench: Bench;
beforeAll(async () => {
  bench = await openBench(async () => (server = await startSimulatedServer()));
});
afterAll(() => bench.close());

const script = 'sim 0.3';
const spec = { test: script, timeouts: { build: 1, test: 1 } };

test('the wait for a command’s start is not its time', async () => {
  await playFaults(server, { do: 'delay', on: 'start', ms: 2000 });
  expect(await bench.attempt({ ...spec, build: ['sim 0', 'sim 0', script] })).toMatchObject({ code: '' });
});

test('the wait for another network is not the stage’s time', async () => {
  await playFaults(server, { do: 'delay', on: 'network', ms: 2000 });
  const networks = { build: 'nat', test: 'none' } as const;
  const order = { ...spec, build: script, network: networks };
  expect(await bench.attempt(order, { networks: ['none', 'nat'] })).toMatchObject({ code: '' });
});

test('a command that runs longer than its limit after a late start is still timed out', async () => {
  await playFaults(server, { do: 'delay', on: 'start', ms: 1500 });
  const tried = await bench.attempt({ ...spec, test: 'sim 60' });
  expect(tried).toMatchObject({ code: 'TEST_TIMED_OUT' });
});
