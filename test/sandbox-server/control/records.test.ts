import { Sandbox, SandboxNotFoundError } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS, startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());

const MEGABYTE = 1024 * 1024;

test('a sandbox that was just made has metrics, which tell its limits and what it uses', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await sandbox.files.write('file', 'x'.repeat(4 * MEGABYTE));
  const [first, ...more] = await sandbox.getMetrics();
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    cpuCount: LIMITS.cpus,
    memTotal: LIMITS.memoryMb * MEGABYTE,
    diskTotal: LIMITS.diskMb * MEGABYTE,
  });
  expect(first?.diskUsed).toBeGreaterThanOrEqual(4 * MEGABYTE);
  expect(first?.timestamp).toBeInstanceOf(Date);
  expect(await sandbox.getMetrics({ start: new Date(Date.now() + 60_000) })).toEqual([]);
  expect(await sandbox.getMetrics({ end: new Date(Date.now() - 60_000) })).toEqual([]);
  await sandbox.kill();
  await expect(sandbox.getMetrics()).rejects.toThrow(SandboxNotFoundError);
});

test('metrics are taken again and again, and show a busy sandbox', async () => {
  const [busy, idle] = [await Sandbox.create(host.sdk), await Sandbox.create(host.sdk)];
  await busy.commands.run('while :; do :; done', { background: true });
  await Promise.all([busy.getMetrics(), idle.getMetrics()]);
  await expect.poll(() => busy.getMetrics(), { timeout: 30_000, interval: 500 }).toHaveLength(3);
  expect((await busy.getMetrics()).at(-1)?.cpuUsedPct).toBeGreaterThan(1);
  expect((await idle.getMetrics()).at(-1)?.cpuUsedPct).toBeLessThan(1);
  await Promise.all([busy.kill(), idle.kill()]);
});

test('the newest metrics of several sandboxes come in one answer', async () => {
  const [a, b] = [await Sandbox.create(host.sdk), await Sandbox.create(host.sdk)];
  const ids = `${a.sandboxId},nobody,${b.sandboxId}`;
  const { sandboxes }: { sandboxes: object } = JSON.parse(await get(`/sandboxes/metrics?sandbox_ids=${ids}`));
  expect(Object.keys(sandboxes).toSorted()).toEqual([a.sandboxId, b.sandboxId].toSorted());
  expect(sandboxes).toMatchObject({ [a.sandboxId]: { memTotal: LIMITS.memoryMb * MEGABYTE } });
  await Promise.all([a.kill(), b.kill()]);
});

test('the log of a sandbox tells its life and its commands, but not their output', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await sandbox.commands.run('echo secret; exit 3').catch(() => {}); // what it says is the log's to tell
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId, host.sdk);
  const path = `/v2/sandboxes/${sandbox.sandboxId}/logs`;
  const { logs }: { logs: Array<{ message: string; fields: object }> } = JSON.parse(await get(path));
  expect(logs).toMatchObject([
    { message: 'sandbox created', level: 'info', fields: { template: 'base' } },
    { message: 'command started', fields: { command: '/bin/bash -l -c echo secret; exit 3' } },
    { message: 'command ended', fields: { exitCode: '3' } },
    { message: 'sandbox paused', fields: { memory: 'true' } },
    { message: 'sandbox resumed' },
  ]);
  const newest = JSON.parse(await get(`${path}?direction=backward&limit=1`));
  expect(newest).toMatchObject({ logs: [{ message: 'sandbox resumed' }] });
  const found = JSON.parse(await get(`${path}?search=command&cursor=1`));
  expect(found).toMatchObject({ logs: [{ message: 'command started' }, { message: 'command ended' }] });
  expect(JSON.parse(await get(`${path}?level=error`))).toEqual({ logs: [] });
  const old: { logs: Array<{ line: string }>; logEntries: unknown } = JSON.parse(
    await get(`/sandboxes/${sandbox.sandboxId}/logs`),
  );
  expect(old.logEntries).toEqual(logs);
  expect(old.logs.map(({ line }) => line)).toContain('{"message":"sandbox created","template":"base"}');
  await sandbox.kill();
});

async function get(path: string): Promise<string> {
  const reply = await fetch(host.server.url + path, { headers: { 'x-api-key': host.sdk.apiKey } });
  return reply.text();
}
