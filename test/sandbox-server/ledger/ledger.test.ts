import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { RateLimitError, Sandbox } from 'e2b';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { askAdmin, readEntries, readLedger } from '../ask-admin.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());
beforeEach(async () => {
  await askAdmin(host, 'PUT', '/admin/tier', {});
  await askAdmin(host, 'POST', '/admin/reset');
});

test('every creation and destruction is there with its times, and why each sandbox ended', async () => {
  const metadata = { evaluation: '7' };
  const killed = await Sandbox.create({ ...host.sdk, metadata });
  const expiring = await Sandbox.create({ ...host.sdk, timeoutMs: 1000 });
  await killed.kill();
  await Sandbox.kill('inothing', host.sdk);
  await (
    await startEndless(expiring)
  ).ended;
  await expect
    .poll(() => readLedger(host))
    .toMatchObject({
      live: 0,
      highest: { live: 2 },
      creates: { asked: 2, accepted: 2, created: 2, unanswered: 0 },
      destroys: { asked: 2, notFound: 1, failed: 0 },
      gone: { killed: 1, expired: 1, vanished: 0, ended: 0, closed: 0 },
    });
  const entries = await readEntries(host);
  const of = ({ sandboxId }: Sandbox) => entries.filter(({ id }) => id === sandboxId);
  const [live, create, gone, destroy] = of(killed);
  expect(live).toMatchObject({ what: 'live', template: 'base', metadata });
  expect(create).toMatchObject({ what: 'create', status: 201 });
  expect(gone).toMatchObject({ what: 'gone', why: 'killed' });
  expect(destroy).toMatchObject({ what: 'destroy', status: 204 });
  const times = [create?.askedAtMs, live?.atMs, create?.answeredAtMs].concat([
    destroy?.askedAtMs,
    gone?.atMs,
    destroy?.answeredAtMs,
  ]);
  expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
  expect(of(expiring).at(-1)).toMatchObject({ what: 'gone', why: 'expired' });
});

test('entries are read on from where the reader was', async () => {
  await (await Sandbox.create(host.sdk)).kill();
  const before = await readEntries(host);
  await (await Sandbox.create(host.sdk)).kill();
  const after = await readEntries(host, before.at(-1)?.n);
  expect(after.map(({ what }) => what)).toEqual(['live', 'create', 'gone', 'destroy']);
  expect(after[0]?.n).toBe((before.at(-1)?.n ?? 0) + 1);
});

test('a client that holds more sandboxes than it promised is caught, one that keeps its word is not', async () => {
  const use = async (): Promise<void> => {
    const sandbox = await Sandbox.create(host.sdk);
    await sandbox.commands.run('true');
    await sandbox.kill();
  };
  const honest = pLimit(2);
  await Promise.all(Array.from({ length: 6 }, () => honest(use)));
  expect(await readLedger(host)).toMatchObject({ highest: { live: 2 }, gone: { killed: 6 } });
  await askAdmin(host, 'POST', '/admin/reset');
  const three = await Promise.all([1, 2, 3].map(() => Sandbox.create(host.sdk)));
  await Promise.all(three.map((sandbox) => sandbox.kill()));
  expect(await readLedger(host)).toMatchObject({ highest: { live: 3 } });
});

test('a client that creates faster than it promised is caught though the tier held it, one in step is not', async () => {
  await askAdmin(host, 'PUT', '/admin/tier', { createsPerS: 1 });
  for (const pause of [1100, 0]) {
    await (await Sandbox.create({ ...host.sdk, retries: 0 })).kill();
    await delay(pause); // the pace is what is tried here
  }
  expect(await readLedger(host)).toMatchObject({ mostCreatesInASecond: { arrived: 1, accepted: 1 } });
  const hasty = await Promise.allSettled([1, 2, 3].map(() => Sandbox.create({ ...host.sdk, retries: 0 })));
  expect(hasty.filter((one) => one.status === 'rejected')).not.toEqual([]);
  const { creates, mostCreatesInASecond } = await readLedger(host);
  expect(mostCreatesInASecond.arrived).toBeGreaterThan(1);
  expect(mostCreatesInASecond.accepted).toBe(1);
  expect(creates.refused['rate']).toBeGreaterThan(0);
});

test('refusals are counted by what they were for', async () => {
  await askAdmin(host, 'PUT', '/admin/tier', { maxSandboxes: 1 });
  const only = await Sandbox.create(host.sdk);
  await expect(Sandbox.create(host.sdk)).rejects.toThrow(RateLimitError);
  await expect(Sandbox.create('none', host.sdk)).rejects.toThrow('404');
  await only.kill();
  expect((await readLedger(host)).creates).toEqual({
    asked: 3,
    accepted: 3,
    created: 1,
    unanswered: 0,
    refused: { rate: 0, concurrency: 1, invalid: 1, failed: 0, fault: 0 },
  });
  const refused = (await readEntries(host)).filter(({ what, id }) => what === 'create' && id === null);
  expect(refused.map((entry) => [entry.status, entry.refused])).toEqual([
    [429, 'concurrency'],
    [404, 'invalid'],
  ]);
});

test('boxes that end by themselves are told from those that were ended', async () => {
  const mortal = await startTestServer();
  try {
    const sandbox = await Sandbox.create(mortal.sdk);
    const { ended } = await startEndless(sandbox);
    await mortal.endBoxes();
    expect(await ended).toContain('reached its end of life');
    await expect.poll(() => readLedger(mortal)).toMatchObject({ gone: { ended: 1, killed: 0 } });
  } finally {
    await mortal.close();
  }
});

/** A command that only the end of its sandbox ends; `ended` resolves then. */
async function startEndless(sandbox: Sandbox): Promise<{ ended: Promise<string> }> {
  const command = await sandbox.commands.run('sleep 100', { background: true });
  return { ended: command.wait().then(String, String) };
}
