import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RateLimitError, Sandbox, SandboxError } from 'e2b';
import { afterAll, expect, test } from 'vitest';
import { Admission } from '../../../src/sandbox-server/limits/admission.ts';
import { NO_TIER, readTier, type Tier } from '../../../src/sandbox-server/limits/tier.ts';
import { readLedger } from '../ask-admin.ts';
import { startSimulatedServer, startTestServer, type TestServer } from '../start-test-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'evalpool-tier-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a second holds as many creations as the tier says, wherever it begins', () => {
  const admission = new Admission({ ...NO_TIER, createsPerS: 2 });
  const refusedAt = (nowMs: number): boolean => {
    try {
      admission.admit(nowMs);
      return false;
    } catch {
      return true;
    }
  };
  expect([0, 900, 950, 999.9].map(refusedAt)).toEqual([false, false, true, true]);
  expect([1000, 1001, 1899.9, 1900, 1901].map(refusedAt)).toEqual([false, true, true, false, true]);
});

test('a creation that is refused otherwise was still one for the rate, as at E2B', async () => {
  await withTier({ createsPerS: 1 }, async ({ sdk }) => {
    const asked = Array.from({ length: 8 }, () => Sandbox.create('none', { ...sdk, retries: 0 }));
    const settled = await Promise.allSettled(asked);
    const said = settled.map((one) => (one.status === 'rejected' ? String(one.reason) : 'created'));
    expect(said.join()).toContain("template 'none' not found");
    expect(said.join()).toContain('Rate limit exceeded');
    expect(said).not.toContain('created');
  });
});

test('too many creations a second are refused as E2B does: RateLimitError, and when to come back', async () => {
  await withTier({ createsPerS: 1 }, async ({ server, sdk }) => {
    const settled = await Promise.allSettled(
      Array.from({ length: 8 }, () => Sandbox.create({ ...sdk, retries: 0 })),
    );
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).not.toEqual([]);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(RateLimitError);
      expect(String(reason)).toContain('Rate limit exceeded');
    }
    const replies = await Promise.all(Array.from({ length: 8 }, () => createBare(server.url, sdk.apiKey)));
    const late = replies.find(({ status }) => status === 429);
    expect(Object.fromEntries(late?.headers ?? [])).toMatchObject({
      'retry-after': '1',
      'ratelimit-limit': '1',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '1',
    });
    expect(await late?.json()).toEqual({ code: 429, message: 'Rate limit exceeded' });
    await Sandbox.create(sdk); // the SDK's own retries follow Retry-After
  });
});

test('forks are creations too: as many as there is room and rate for come to be, the rest is told why', async () => {
  const host = await startSimulatedServer({ createsPerS: 3, maxSandboxes: 20 });
  try {
    const sandbox = await Sandbox.create(host.sdk);
    const forks = await sandbox.fork({ count: 8, timeoutMs: 60_000 });
    const refused = forks.filter((fork) => fork instanceof Error);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    for (const reason of refused) expect(String(reason)).toContain('Rate limit exceeded');
    const { creates, mostCreatesInASecond } = await readLedger(host);
    expect(creates).toMatchObject({
      asked: 9,
      created: 9 - refused.length,
      refused: { rate: refused.length },
    });
    expect(mostCreatesInASecond.accepted).toBe(3);
  } finally {
    await host.close();
  }
});

test('a full account hears E2B’s sentence, without a time to come back', async () => {
  await withTier({ ...readTier('hobby'), createsPerS: null, maxSandboxes: 1 }, async ({ server, sdk }) => {
    await Sandbox.create(sdk);
    await expect(Sandbox.create(sdk)).rejects.toThrow(
      "you have reached the maximum number of concurrent E2B sandboxes (1). If you need more, please visit 'https://e2b.dev/docs/billing'",
    );
    const reply = await createBare(server.url, sdk.apiKey);
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, null]);
  });
});

test('nobody gets a session longer than the tier’s, and none lives beyond it', async () => {
  await withTier({ longestSessionS: 2 }, async ({ sdk }) => {
    await expect(Sandbox.create({ ...sdk, timeoutMs: 5000 })).rejects.toThrow(SandboxError);
    await expect(Sandbox.create({ ...sdk, timeoutMs: 5000 })).rejects.toThrow(
      /cannot be greater than .* hours/,
    );
    const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 2000 });
    const command = await sandbox.commands.run('sleep 100', { background: true });
    const ended = command.wait();
    ended.catch(() => {});
    await sandbox.setTimeout(2000);
    const { startedAt, endAt } = await sandbox.getInfo();
    expect(endAt.getTime() - startedAt.getTime()).toBe(2000);
    await expect(ended).rejects.toThrow('reached its end of life');
  });
});

test('hobby and pro are E2B’s published limits, and a file says its own', () => {
  expect(readTier('hobby')).toEqual({
    name: 'hobby',
    maxSandboxes: 20,
    createsPerS: 1,
    longestSessionS: 3600,
  });
  expect(readTier('pro')).toEqual({
    name: 'pro',
    maxSandboxes: 100,
    createsPerS: 5,
    longestSessionS: 86_400,
  });
  expect(readTier(file('{"name": "ours", "createsPerS": 3}'))).toEqual({
    name: 'ours',
    maxSandboxes: null,
    createsPerS: 3,
    longestSessionS: 86_400,
  });
});

test.each([
  ['{"maxSandboxes": "ten"}', 'maxSandboxes: Invalid input: expected number, received string, got "ten"'],
  ['{"createsPerS": 0}', 'createsPerS: Too small: expected number to be >0, got 0'],
  ['{"maxSandbox": 3}', 'Unrecognized key: "maxSandbox"'],
  ['{', 'expected JSON'],
])('a tier file that says %s is refused by name and field', (text, said) => {
  const path = file(text);
  expect(() => readTier(path)).toThrow(`--tier ${path}: `);
  expect(() => readTier(path)).toThrow(said);
  expect(() => readTier('nothing.json')).toThrow('--tier nothing.json: expected a known name or a file');
});

function file(text: string): string {
  const path = join(folder, 'tier.json');
  writeFileSync(path, text);
  return path;
}

async function withTier(tier: Partial<Tier>, use: (host: TestServer) => Promise<void>): Promise<void> {
  const host = await startTestServer(tier);
  try {
    await use(host);
  } finally {
    await host.close();
  }
}

function createBare(url: string, apiKey: string): Promise<Response> {
  return fetch(`${url}/v2/sandboxes`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
    body: '{"templateID": "base"}',
  });
}
