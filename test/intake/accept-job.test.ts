import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  finishBatches,
  findBatch,
  pauseBatch,
  readBatch,
  sealBatch,
  type Batch,
} from '../../src/database/batches.ts';
import { cancelBatch } from '../../src/database/cancel-batch.ts';
import { acceptJob, type JobAnswer } from '../../src/intake/accept-job.ts';
import { saveProvider } from '../../src/slots/tiers.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { testProvider } from '../fixtures/provider.ts';
import { untraced } from '../fixtures/tracing.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  it = await openTestDatabase();
  for (const tier of ['hobby', 'pro'] as const)
    await saveProvider(it.database, testProvider({ name: tier, tier }));
});
afterAll(() => it.close());

const context = (byDefault?: string): Parameters<typeof acceptJob>[0] => ({
  database: it.database,
  provider: byDefault,
  tracing: untraced,
  accepted: () => undefined,
});
const accept = (job: object, byDefault?: string): Promise<JobAnswer> =>
  acceptJob(context(byDefault), { data: job });

/** Accepts a job that waits for its result, and returns how its consumer asks again. */
async function wait(job: object): Promise<() => Promise<JobAnswer>> {
  const said = await accept({ provider: 'pro', wait: true, ...job });
  if (!('parked' in said)) throw new Error('it does not wait');
  return () => acceptJob(context(), { data: { provider: 'pro', wait: true, ...job } }, said.parked);
}

async function stateOf(name: string): Promise<Batch | undefined> {
  return readBatch(it.database, (await findBatch(it.database, name)) ?? '');
}

async function providerOf(batch: string): Promise<string | undefined> {
  const id = await findBatch(it.database, batch);
  return id === undefined ? undefined : (await readBatch(it.database, id))?.provider;
}

const spec = { id: 'a', test: 'true' };

test('a job names its provider, or has the one of its batch, or that of the dispatcher', async () => {
  await accept({ batch: 'named', provider: 'pro', spec }, 'hobby');
  await accept({ batch: 'named', spec: { ...spec, id: 'b' } }, 'hobby');
  await accept({ batch: 'unnamed', spec }, 'hobby');
  expect([await providerOf('named'), await providerOf('unnamed')]).toEqual(['pro', 'hobby']);
});

test('a job of no known provider is refused with the names, and makes no batch', async () => {
  await expect(accept({ batch: 'lost', spec })).rejects.toThrow(
    'provider: expected one of hobby, pro, there was nothing',
  );
  await expect(accept({ batch: 'lost', provider: 'prp', spec })).rejects.toThrow(
    /hobby, pro, there was 'prp'/,
  );
  expect(await providerOf('lost')).toBeUndefined();
});

test('a batch keeps its provider, and one that is refused stays as it was', async () => {
  await accept({ batch: 'kept', provider: 'pro', spec, seal: true });
  const other = { ...spec, id: 'b' };
  await expect(accept({ batch: 'kept', provider: 'hobby', spec: other })).rejects.toThrow(
    'batch kept is of provider pro',
  );
  const id = (await findBatch(it.database, 'kept')) ?? '';
  expect(await readBatch(it.database, id)).toMatchObject({ provider: 'pro', state: 'sealed', total: 1 });
});

test('a spec above the longest session of its batch’s provider is refused, and fits a larger one', async () => {
  const long = { ...spec, timeouts: { test: 3599 } };
  const refused = accept({ batch: 'small', provider: 'hobby', spec: long });
  await expect(refused).rejects.toMatchObject({ code: 'ABOVE_TIER' });
  await expect(refused).rejects.toThrow(
    /timeouts: .* 3809 s .* hobby \(tier hobby\) lives 3600 s .* `timeouts.test`/,
  );
  expect(await accept({ batch: 'small', spec })).toEqual({
    answer: { evaluationId: expect.any(String) as unknown },
  });
  expect(await accept({ batch: 'large', provider: 'pro', spec: long })).toHaveProperty('answer.evaluationId');
});

test('a job that waits for its result leaves the sealed batch as it is, and so does one sent again', async () => {
  const askAgain = await wait({ batch: 'waited', spec });
  await accept({ batch: 'waited', seal: true });
  expect(await askAgain()).toEqual({ parked: expect.any(String) as unknown });
  await accept({ batch: 'waited', spec });
  expect(await stateOf('waited')).toMatchObject({ state: 'sealed', total: 1 });
  await accept({ batch: 'waited', spec: { ...spec, id: 'b' } });
  expect(await stateOf('waited')).toMatchObject({ state: 'open', total: 2 });
});

test('a batch that is fed by jobs stays paused while more of them come', async () => {
  await accept({ batch: 'paused', provider: 'pro', spec });
  await pauseBatch(it.database, (await findBatch(it.database, 'paused')) ?? '', true);
  await accept({ batch: 'paused', spec: { ...spec, id: 'b' } });
  expect(await stateOf('paused')).toMatchObject({ state: 'open', paused: true, total: 2 });
});

test('a job that waits fails with its batch when that is cancelled', async () => {
  const askAgain = await wait({ batch: 'dropped', spec });
  await cancelBatch(it.database, (await findBatch(it.database, 'dropped')) ?? '');
  await finishBatches(it.database);
  await expect(askAgain()).rejects.toMatchObject({ code: 'BATCH_CANCELLED' });
});

test('a job that waits is accepted anew when its batch was removed', async () => {
  const askAgain = await wait({ batch: 'removed', spec });
  const id = (await findBatch(it.database, 'removed')) ?? '';
  await sealBatch(it.database, id);
  await it.database.deleteFrom('batches').where('id', '=', id).execute();
  expect(await askAgain()).toEqual({ parked: expect.any(String) as unknown });
  expect(await stateOf('removed')).toMatchObject({ state: 'open', total: 1 });
});

test('a job that the database will never take is its producer’s fault', async () => {
  const refused = accept({ batch: 'nul\0', provider: 'pro', spec });
  await expect(refused).rejects.toMatchObject({ code: 'SPEC_INVALID' });
});
