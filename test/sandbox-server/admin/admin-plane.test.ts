import { afterAll, beforeAll, expect, test } from 'vitest';
import { askAdmin } from '../ask-admin.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer({ maxSandboxes: 3 });
});
afterAll(() => host.close());

test('the tier is read and changed while the server runs', async () => {
  expect(await json('GET', '/admin/tier')).toMatchObject({ maxSandboxes: 3, createsPerS: null });
  expect(await json('PUT', '/admin/tier', 'pro')).toMatchObject({ name: 'pro', createsPerS: 5 });
  expect(await json('PUT', '/admin/tier', { createsPerS: 7 })).toMatchObject({
    createsPerS: 7,
    maxSandboxes: null,
  });
});

test('what cannot be is refused by field, and changes nothing', async () => {
  const before = await json('GET', '/admin/tier');
  const reply = await askAdmin(host, 'PUT', '/admin/tier', { createsPerS: 'fast' });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toEqual({
    code: 400,
    message: 'createsPerS: Invalid input: expected number, received string, got "fast"',
  });
  expect(await json('GET', '/admin/tier')).toEqual(before);
  expect((await askAdmin(host, 'GET', '/admin/ledger/entries?after=x')).status).toBe(400);
});

test.each([
  ['GET', '/admin/ledger'],
  ['GET', '/admin/ledger/entries'],
  ['GET', '/admin/tier'],
  ['PUT', '/admin/tier'],
  ['POST', '/admin/reset'],
])('%s %s wants the key', async (method, path) => {
  expect((await fetch(host.server.url + path, { method })).status).toBe(401);
});

async function json(method: string, path: string, body?: unknown): Promise<unknown> {
  return (await askAdmin(host, method, path, body)).json();
}
