import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeProvider } from '../../src/database/change-shares.ts';
import { readProviderStatus } from '../../src/database/read-status.ts';
import { readProvider, saveProvider } from '../../src/slots/tiers.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { testProvider } from '../fixtures/provider.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  it = await openTestDatabase();
});
afterAll(() => it.close());

test('what people set by hand survives restarts and changed settings, until they take it back', async () => {
  const settings = testProvider({ name: 'set', tier: 'pro', overrides: { createsPerS: 3 }, reserve: 10 });
  await saveProvider(it.database, settings);
  expect(await readProvider(it.database, 'set')).toMatchObject({ slots: 90, createsPerS: 3, tier: 'pro' });
  await changeProvider(it.database, 'set', { maxSandboxes: 50, createsPerS: 1, reserve: 0 });
  await saveProvider(it.database, { ...settings, overrides: { maxSandboxes: 70 }, reserve: 20 });
  expect(await readProvider(it.database, 'set')).toMatchObject({ slots: 50, createsPerS: 1 });
  await changeProvider(it.database, 'set', { maxSandboxes: null, createsPerS: null, reserve: null });
  expect(await readProvider(it.database, 'set')).toMatchObject({
    slots: 50,
    maxSandboxes: 70,
    createsPerS: 5,
  });
  expect(await readProviderStatus(it.database)).toMatchObject([{ reserve: 20, longestSessionS: 86_400 }]);
});
