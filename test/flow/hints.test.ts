import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptSpecs } from '../../src/database/accept-specs.ts';
import { openBatch, readBatch, sealBatch } from '../../src/database/batches.ts';
import { cancelBatch } from '../../src/database/cancel-batch.ts';
import { evaluationQueue, PREFIX } from '../../src/queue/names.ts';
import { playFaults } from '../sandbox-server/ask-admin.ts';
import { startSimulatedServer, type TestServer } from '../sandbox-server/start-test-server.ts';
import { startDeployment, type Deployment } from './start-deployment.ts';

const SLOTS = 8;
const KEY = 'the-key-of-gamma';
const POLL = { timeout: 60_000, interval: 50 };

let server: TestServer;
let deployment: Deployment;
let redis: Redis;
let evaluator: Awaited<ReturnType<Deployment['start']>>;

beforeAll(async () => {
  server = await startSimulatedServer({ maxSandboxes: 20, createsPerS: null }, KEY);
  const at = { apiUrl: server.server.url, sandboxUrl: server.server.url };
  deployment = await startDeployment({
    gamma: { tier: 'local', maxSandboxes: SLOTS, keyFrom: 'KEY_C', ...at },
  });
  redis = new Redis((deployment.env['REDIS_URL'] ?? '').replace('unix://', ''));
});
afterAll(async () => {
  redis.disconnect();
  await deployment.close();
  await server.close();
});

async function submit(name: string, count: number, script: string): Promise<string> {
  const { id } = await openBatch(deployment.database, name, 'gamma');
  const candidates = Array.from({ length: count }, (_, n) => ({
    spec: { id: `${name}-${n}`, test: script },
    contentHash: String(n),
    source: null,
  }));
  await acceptSpecs(deployment.database, id, randomUUID(), candidates);
  await sealBatch(deployment.database, id);
  return id;
}

const inState = async (state: 'running' | 'dispatched'): Promise<number> =>
  (await deployment.database.selectFrom('evaluations').select('id').where('state', '=', state).execute())
    .length;
/** Hints that a process has taken from the queue and not used up. */
const taken = (): Promise<number> => redis.llen(`${PREFIX}:${evaluationQueue('gamma')}:active`);
const sandboxesEver = async (): Promise<number> =>
  (await deployment.database.selectFrom('sandboxes').select('id').execute()).length;

test('a process takes hardly more hints than it has slots for, whatever the provider allows', async () => {
  await deployment.start('dispatcher', 'dispatcher');
  await deployment.start('reaper', 'reaper', { KEY_C: KEY });
  await submit('long', 40, 'sim 600');
  evaluator = await deployment.start('evaluator', 'gamma', { EVALPOOL_PROVIDER: 'gamma', KEY_C: KEY });
  await expect.poll(async () => inState('running'), POLL).toBe(SLOTS);
  await expect.poll(async () => inState('dispatched'), POLL).toBe(SLOTS / 2);
  await expect.poll(taken, POLL).toBe(3);
});

test('hints of a cancelled batch are used up without a slot, and the next batch has all of them', async () => {
  const [long] = await deployment.database.selectFrom('batches').select('id').execute();
  await cancelBatch(deployment.database, long!.id);
  const id = await submit('short', 20, 'sim 0.05');
  await expect.poll(async () => (await readBatch(deployment.database, id))?.counts.passed, POLL).toBe(20);
  expect(await sandboxesEver()).toBe(SLOTS + 20);
});

test('a process that must end hands its work back, though its destroys hang', async () => {
  await playFaults(server, { do: 'delay', on: 'destroy', ms: 60_000 });
  const id = await submit('kept', 4, 'sim 600');
  await expect.poll(async () => inState('running'), POLL).toBe(4);
  await evaluator.child.end();
  const attempts = await deployment.database
    .selectFrom('attempts')
    .innerJoin('evaluations', 'evaluations.id', 'attempts.evaluation_id')
    .select('reason')
    .where('batch_id', '=', id)
    .execute();
  expect(attempts.map(({ reason }) => reason)).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
  await playFaults(server);
});
