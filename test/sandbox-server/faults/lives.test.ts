import { Sandbox, SandboxNotFoundError, TimeoutError } from 'e2b';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { askAdmin, playFaults, readFaults, readLedger } from '../ask-admin.ts';
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

test('a sandbox vanishes without a word', async () => {
  await playFaults(host, { do: 'vanish', afterMs: [1500, 2000], where: { fate: 'to vanish' } });
  const spared = await Sandbox.create(host.sdk);
  const doomed = await Sandbox.create({ ...host.sdk, metadata: { fate: 'to vanish' } });
  await expect(doomed.commands.run('sleep 100')).rejects.toThrow(TimeoutError);
  await expect(doomed.getInfo()).rejects.toThrow(SandboxNotFoundError);
  expect(await doomed.kill()).toBe(false);
  await expect.poll(() => readLedger(host)).toMatchObject({ gone: { vanished: 1, expired: 0 } });
  expect((await spared.commands.run('echo here')).stdout).toBe('here\n');
  await spared.kill();
});

test('a session that ends by the clock cannot be extended beyond it', async () => {
  await playFaults(host, { do: 'expire', afterMs: 3000 });
  const short = await Sandbox.create(host.sdk);
  await short.setTimeout(60_000);
  const { startedAt, endAt } = await short.getInfo();
  expect(endAt.getTime() - startedAt.getTime()).toBe(3000);
  await expect(short.commands.run('sleep 100')).rejects.toThrow('end of life');
  await expect.poll(() => readLedger(host)).toMatchObject({ gone: { vanished: 0, expired: 1 } });
});

test('a destroy fails once for each sandbox and works when it is asked again', async () => {
  await playFaults(host, { do: 'answer', on: 'destroy', status: 500, per: 'sandbox', times: 1 });
  for (const one of [await Sandbox.create(host.sdk), await Sandbox.create(host.sdk)]) {
    await expect(one.kill()).rejects.toThrow('500');
    expect(await one.isRunning()).toBe(true);
    expect(await one.kill()).toBe(true);
  }
  expect(await readLedger(host)).toMatchObject({ destroys: { asked: 4, failed: 2 } });
});

test('an answer without a body is cut and reset too, and the server itself stays well', async () => {
  const [one, other] = [await Sandbox.create(host.sdk), await Sandbox.create(host.sdk)];
  await playFaults(host, { do: 'reset', on: 'any', when: 'after', times: 1 });
  expect((await fetch(`${host.server.url}/health`)).status).toBe(204);
  await expect(one.kill()).rejects.toThrow('fetch failed');
  expect(await one.kill()).toBe(false);
  await playFaults(host, { do: 'cut', on: 'destroy', afterBytes: 10 });
  expect(await other.kill()).toBe(true);
  expect(await readLedger(host)).toMatchObject({
    gone: { killed: 2 },
    destroys: { asked: 3, unanswered: 1 },
  });
});

test('a slow destroy counts until it is done', async () => {
  await playFaults(host, { do: 'delay', on: 'destroy', ms: 500 });
  const slow = await Sandbox.create(host.sdk);
  const killed = slow.kill();
  await expect.poll(() => readFaults(host)).toMatchObject({ rules: [{ seen: 1 }] });
  expect(await readLedger(host)).toMatchObject({ live: 1 });
  await killed;
  expect(await readLedger(host)).toMatchObject({ live: 0 });
});

test('every Nth, all but the first and at most so many are counted by rule', async () => {
  await playFaults(host, { do: 'answer', on: 'list', status: 500, every: 2, skip: 1, times: 2 });
  expect(await listRepeatedly(9)).toBe('..x.x....');
  expect(await readFaults(host)).toMatchObject({ rules: [{ do: 'answer', seen: 9, hits: 2 }] });
});

async function listRepeatedly(times: number): Promise<string> {
  let pattern = '';
  for (let time = 0; time < times; time += 1)
    pattern += await Sandbox.list(host.sdk)
      .nextItems()
      .then(
        () => '.',
        () => 'x',
      );
  return pattern;
}
