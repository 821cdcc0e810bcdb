import { RateLimitError, Sandbox, SandboxError, ServiceBusyError } from 'e2b';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { askAdmin, playFaults, readEntries, readFaults, readLedger } from '../ask-admin.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());
beforeEach(() => askAdmin(host, 'POST', '/admin/reset'));
afterEach(async () => {
  await playFaults(host);
  for (const { sandboxId } of await Sandbox.list(host.sdk).nextItems())
    await Sandbox.kill(sandboxId, host.sdk);
});

test.each([
  [503, {}, ServiceBusyError, 'not enough capacity'],
  [500, {}, SandboxError, '500'],
  [429, {}, RateLimitError, 'Rate limit exceeded'],
  [429, { message: 'said by the test' }, RateLimitError, 'said by the test'],
])('create answered with %s and %o is what the SDK makes of it', async (status, more, kind, said) => {
  await playFaults(host, { do: 'answer', on: 'create', status, ...more });
  const refused = await Sandbox.create(host.sdk).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(kind);
  expect(String(refused)).toContain(said);
  expect(await readLedger(host)).toMatchObject({ creates: { asked: 1, created: 0, refused: { fault: 1 } } });
});

test('a 429 that says when to come back is tried again by the SDK', async () => {
  await playFaults(host, { do: 'answer', on: 'create', status: 429, retryAfterS: 1, times: 1 });
  await (await Sandbox.create(host.sdk)).kill();
  expect(await readLedger(host)).toMatchObject({ creates: { asked: 2, created: 1, refused: { fault: 1 } } });
});

test('a connection reset before the create took effect leaves no sandbox', async () => {
  await playFaults(host, { do: 'reset', on: 'create' });
  await expect(Sandbox.create(host.sdk)).rejects.toThrow('fetch failed');
  expect(await readLedger(host)).toMatchObject({
    live: 0,
    creates: { asked: 1, created: 0, unanswered: 1, refused: { fault: 1 } },
  });
});

test('a connection reset after the create took effect leaves one that is found by its metadata', async () => {
  await playFaults(host, { do: 'reset', on: 'create', when: 'after' });
  const metadata = { nonce: 'of the lost one' };
  await expect(Sandbox.create({ ...host.sdk, metadata })).rejects.toThrow('fetch failed');
  const found = await Sandbox.list({ ...host.sdk, query: { metadata } }).nextItems();
  expect(found).toHaveLength(1);
  const [live, create] = await readEntries(host);
  expect(live).toMatchObject({ what: 'live', id: found[0]?.sandboxId, metadata });
  expect(create).toMatchObject({ what: 'create', id: live?.id, status: null, answeredAtMs: null });
  await Sandbox.kill(found[0]?.sandboxId ?? '', host.sdk);
});

test('a create that is answered late has taken effect, or not yet, as the rule says', async () => {
  const late = { do: 'delay', on: 'create', ms: 600_000 };
  await playFaults(host, { ...late, when: 'after', where: { late: 'answer' } });
  const answer = askCreate({ late: 'answer' });
  await expect.poll(() => readLedger(host)).toMatchObject({ live: 1, creates: { created: 1 } });
  await playFaults(host, { ...late, where: { late: 'effect' } });
  const effect = askCreate({ late: 'effect' });
  await expect.poll(() => readFaults(host)).toMatchObject({ rules: [{ hits: 1 }] });
  await Promise.all([answer.giveUp(), effect.giveUp()]);
  const left = await Sandbox.list(host.sdk).nextItems();
  expect(left.map(({ metadata }) => metadata)).toEqual([{ late: 'answer' }]);
  await expect.poll(() => readLedger(host)).toMatchObject({ creates: { created: 1, unanswered: 2 } });
});

test('the rate is judged when a create arrives: a delay by order makes none of them too fast', async () => {
  await playFaults(host, { do: 'delay', on: 'create', ms: 600_000 });
  const asked = [1, 2, 3].map(() => askCreate({}));
  await expect.poll(() => readFaults(host)).toMatchObject({ rules: [{ hits: 3 }] });
  expect(await readLedger(host)).toMatchObject({
    creates: { asked: 3, accepted: 3, created: 0 },
    mostCreatesInASecond: { arrived: expect.any(Number), accepted: expect.any(Number) },
  });
  await Promise.all(asked.map(({ giveUp }) => giveUp()));
});

test('one that nobody waits for any more still comes to be', async () => {
  await playFaults(host, { do: 'delay', on: 'create', ms: 500 });
  const metadata = { late: 'sandbox' };
  const asked = askCreate(metadata);
  await expect.poll(() => readFaults(host)).toMatchObject({ rules: [{ hits: 1 }] });
  await asked.giveUp();
  const list = () => Sandbox.list({ ...host.sdk, query: { metadata } }).nextItems();
  await expect.poll(list, { timeout: 20_000 }).toHaveLength(1);
});

function askCreate(metadata: Record<string, string>): { giveUp: () => Promise<void> } {
  const controller = new AbortController();
  const asked = fetch(`${host.server.url}/v2/sandboxes`, {
    method: 'POST',
    headers: { 'x-api-key': host.sdk.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ templateID: 'base', metadata }),
    signal: controller.signal,
  });
  return {
    giveUp: async () => {
      controller.abort();
      await expect(asked).rejects.toThrow('aborted');
    },
  };
}
