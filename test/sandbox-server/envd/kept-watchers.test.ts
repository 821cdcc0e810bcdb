import type { JsonValue } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, envelope, startTestServer, type TestServer } from '../start-test-server.ts';
import { ConnectClient } from './connect-client.ts';

// The watches that Python's SDK uses: events are kept until they are fetched.

let host: TestServer;
let sandbox: Sandbox;
let client: ConnectClient;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
  client = new ConnectClient(host, sandbox, { useBinaryFormat: true });
});
afterAll(() => host.close());

test('events are kept for who fetches them, told once, until the watcher is removed', async () => {
  const watcherId = await create('kept', { recursive: true, includeEntry: true });
  await sandbox.commands.run('cd kept; mkdir a; mv a b; touch end');
  const events = await fetchUntil(watcherId, 'end', 'EVENT_TYPE_CHMOD');
  expect(events.slice(0, 4)).toMatchObject([
    { name: 'a', type: 'EVENT_TYPE_CREATE' },
    { name: 'a', type: 'EVENT_TYPE_RENAME' },
    {
      name: 'b',
      type: 'EVENT_TYPE_CREATE',
      entry: { path: '/home/user/kept/b', type: 'FILE_TYPE_DIRECTORY' },
    },
    { name: 'end', type: 'EVENT_TYPE_CREATE' },
  ]);
  expect(await call('GetWatcherEvents', { watcherId })).toEqual({});
  expect(await call('RemoveWatcher', { watcherId })).toEqual({});
  for (const method of ['GetWatcherEvents', 'RemoveWatcher'])
    await expect(call(method, { watcherId })).rejects.toMatchObject({ code: Code.NotFound });
});

test('what cannot be watched is refused at once', async () => {
  await expect(call('CreateWatcher', { path: 'nowhere' })).rejects.toMatchObject({ code: Code.NotFound });
  await expect(call('CreateWatcher', { path: '/etc/passwd' })).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
});

test('events that nobody fetches are bounded, and a watch that ended says why', async () => {
  const flooded = await create('flooded');
  await sandbox.commands.run(`cd flooded; perl -e 'for (1 .. 6000) { mkdir $_; rmdir $_ }'`);
  const late = await create('flooded');
  await expect.poll(() => outcome(flooded)).toMatchObject({ code: Code.ResourceExhausted });
  await sandbox.commands.run('kill -9 $(grep -lx watcher /proc/[0-9]*/comm | cut -d/ -f3)');
  await expect.poll(() => outcome(late)).toMatchObject({ code: Code.Internal });
  for (const watcherId of [flooded, late]) await call('RemoveWatcher', { watcherId });
});

test('a removed watcher makes room for another', async () => {
  const ids: string[] = [];
  const refusal = await (async () => {
    for (;;) ids.push(await create('room'));
  })().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: Code.ResourceExhausted });
  await call('RemoveWatcher', { watcherId: ids.pop() ?? '' });
  await expect.poll(async () => ids.push(await create('room'))).toBeGreaterThan(0);
  for (const watcherId of ids) await call('RemoveWatcher', { watcherId });
});

test('a quiet watch by stream gives signs of life, and ends at its time-out', async () => {
  const reply = await fetch(`${host.server.url}/filesystem.Filesystem/WatchDir`, {
    method: 'POST',
    headers: {
      'content-type': 'application/connect+json',
      'keepalive-ping-interval': '1',
      'connect-timeout-ms': '1500',
      ...dataPlaneHeaders(sandbox),
    },
    body: envelope('{"path":"/tmp"}'),
  });
  expect(await reply.text()).toMatch(/\{"start":\{\}\}[^]*\{"keepalive":\{\}\}[^]*"deadline_exceeded"/);
});

function call(method: string, request: JsonValue): Promise<JsonValue> {
  return client.call(`filesystem.Filesystem/${method}`, request);
}

async function create(name: string, more: { [key: string]: JsonValue } = {}): Promise<string> {
  await sandbox.files.makeDir(name);
  const answer = await call('CreateWatcher', { path: name, ...more });
  return /"watcherId":"(w[^"]+)"/.exec(JSON.stringify(answer))?.[1] ?? '';
}

/** What a fetch answers, or the error that it ends with. */
function outcome(watcherId: string): Promise<unknown> {
  return call('GetWatcherEvents', { watcherId }).catch((error: unknown) => error);
}

async function fetchUntil(watcherId: string, name: string, type: string): Promise<JsonValue[]> {
  const all: JsonValue[] = [];
  const isThere = async (): Promise<boolean> => {
    const answer = await call('GetWatcherEvents', { watcherId });
    const events =
      typeof answer === 'object' && answer !== null && 'events' in answer ? answer['events'] : [];
    if (Array.isArray(events)) all.push(...events);
    return JSON.stringify(all).includes(JSON.stringify({ name, type }).slice(1, -1));
  };
  await expect.poll(isThere).toBe(true);
  return all;
}
