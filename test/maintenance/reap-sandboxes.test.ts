import { afterAll, beforeAll, expect, test } from 'vitest';
import { endProcess, registerProcess } from '../../src/database/processes.ts';
import { makeLog } from '../../src/log.ts';
import { reapSandboxes, type ReapContext } from '../../src/maintenance/reap-sandboxes.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';
import { openSandboxes } from '../../src/sandbox/e2b-sandboxes.ts';
import { markAlive, readOpenRows, takeSlot } from '../../src/slots/slots.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { testProvider } from '../fixtures/provider.ts';
import { seedProvider } from '../fixtures/seed.ts';
import { playFaults } from '../sandbox-server/ask-admin.ts';
import { startSimulatedServer, type TestServer } from '../sandbox-server/start-test-server.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
let host: TestServer;
beforeAll(async () => {
  [it, host] = await Promise.all([openTestDatabase(), startSimulatedServer()]);
});
afterAll(async () => {
  await Promise.all([it.close(), host.close()]);
});

const order = { template: undefined, metadata: {}, lifeMs: 120_000, network: undefined };

test('a provider that lists nothing still has its known sandboxes settled, and the others once it does', async () => {
  const provider = testProvider({ ...host.sdk, name: 'unlisted' });
  await seedProvider(it.database, 'unlisted', 4);
  const sandboxes = openSandboxes(provider);
  const processId = await registerProcess(it.database, 'evaluator');
  const request = { provider: 'unlisted', evaluationId: '1', attempt: 1, processId };
  const known = await takeSlot(it.database, request);
  await markAlive(it.database, known!.ledgerId, (await sandboxes.create(order)).id);
  const unheard = await takeSlot(it.database, request);
  const metadata = { deployment: 'd', nonce: unheard!.nonce };
  await sandboxes.create({ ...order, metadata });
  await endProcess(it.database, processId);
  const context: ReapContext = {
    database: it.database,
    sandboxes,
    provider: 'unlisted',
    deployment: 'd',
    metrics: makeMetrics([]),
    log: makeLog('test', 'silent'),
  };
  await playFaults(host, { do: 'answer', on: 'list', status: 500 });
  await reapSandboxes(context, new Set(), true);
  const left = await readOpenRows(it.database, 'unlisted');
  expect(left.map(({ ledgerId }) => ledgerId)).toEqual([unheard!.ledgerId]);
  await playFaults(host);
  await reapSandboxes(context, new Set(), true);
  expect(await readOpenRows(it.database, 'unlisted')).toEqual([]);
  expect(await sandboxes.list({})).toEqual([]);
});
