import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBatch, readBatch } from '../../src/database/batches.ts';
import { acceptJob, type JobAnswer } from '../../src/intake/accept-job.ts';
import { saveProvider } from '../../src/slots/tiers.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { testProvider } from '../fixtures/provider.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  it = await openTestDatabase();
  for (const tier of ['hobby', 'pro'] as const)
    await saveProvider(it.database, testProvider({ name: tier, tier }));
});
afterAll(() => it.close());

async function accept(job: object, byDefault?: string): Promise<JobAnswer> {
  return acceptJob({ database: it.database, provider: byDefault, accepted: () => undefined }, job);
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
