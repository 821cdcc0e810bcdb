import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { askApi } from './ask-api.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
  await Sandbox.create({ ...host.sdk, metadata: { of: 'the file' } });
});
afterAll(() => host.close());

test('a list says how many run, unless none that run were asked for', async () => {
  expect(await total('metadata=of%3Dthe%20file')).toBe('1');
  expect(await total('state=running,paused')).toBe('1');
  expect(await total('template=none')).toBe('0');
  expect(await total('state=paused')).toBeNull();
});

test('a list is asked by start, from that moment on, in either order, page by page', async () => {
  const metadata = { of: 'the order' };
  const made = [];
  for (const _ of [1, 2, 3]) made.push((await Sandbox.create({ ...host.sdk, metadata })).sandboxId);
  const list = async (query: object): Promise<string[]> => {
    const pages = Sandbox.list({ ...host.sdk, query: { metadata, ...query }, order: 'asc', limit: 1 });
    const ids = [];
    while (pages.hasNext) ids.push(...(await pages.nextItems()).map(({ sandboxId }) => sandboxId));
    return ids;
  };
  expect(await list({})).toEqual(made);
  const { startedAt } = await Sandbox.getInfo(made[1] ?? '', host.sdk);
  expect(await list({ startedAfter: startedAt })).toEqual(made.slice(1));
  expect(await list({ startedAfter: new Date(startedAt.getTime() + 60_000) })).toEqual([]);
  expect(await list({ template: 'base' })).toEqual(made);
  expect(await list({ template: 'code-interpreter-v1' })).toEqual([]);
  await Promise.all(made.map((id) => Sandbox.kill(id, host.sdk)));
});

test('the listing before /v2 has all that run, newest first, whatever else it is asked', async () => {
  const metadata = { of: 'the old list' };
  const made = [];
  for (const _ of [1, 2, 3]) made.push((await Sandbox.create({ ...host.sdk, metadata })).sandboxId);
  await Sandbox.pause(made[1] ?? '', host.sdk);
  const old = await askApi(host, 'GET /sandboxes?metadata=of%3Dthe%20old%20list&limit=1&state=paused');
  expect(old.json).toMatchObject([{ sandboxID: made[2] }, { sandboxID: made[0] }]);
  await Promise.all(made.map((id) => Sandbox.kill(id, host.sdk)));
});

async function total(query: string): Promise<string | null> {
  return (await askApi(host, `GET /v2/sandboxes?${query}`)).headers.get('x-total-running');
}
