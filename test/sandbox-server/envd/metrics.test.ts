import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS, startTestServer, type TestServer } from '../start-test-server.ts';
import { ask } from './ask.ts';

const MEGABYTE = 1024 * 1024;

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());

test('a sandbox tells from inside what it uses and may use, to who has its token', async () => {
  const sandbox = await Sandbox.create(host.sdk);
  await sandbox.files.write('file', 'x'.repeat(4 * MEGABYTE));
  const { status, json } = await ask(host, sandbox, '/metrics');
  expect([status, json]).toEqual([
    200,
    {
      ts: expect.any(Number),
      cpu_count: LIMITS.cpus,
      cpu_used_pct: expect.any(Number),
      mem_total: LIMITS.memoryMb * MEGABYTE,
      mem_total_mib: LIMITS.memoryMb,
      mem_used: expect.any(Number),
      mem_used_mib: expect.any(Number),
      mem_cache: expect.any(Number),
      disk_used: expect.any(Number),
      disk_total: LIMITS.diskMb * MEGABYTE,
    },
  ]);
  const { disk_used: used }: { disk_used: number } = Object(json);
  expect(used).toBeGreaterThanOrEqual(4 * MEGABYTE);
  expect((await ask(host, sandbox, '/metrics', { headers: { 'x-access-token': 'x' } })).status).toBe(401);
});
