import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptSpecs } from '../../src/database/accept-specs.ts';
import { findBatch, openBatch, readBatch, sealBatch } from '../../src/database/batches.ts';
import { deploymentId } from '../../src/database/connect.ts';
import { startCli } from '../cli/run-cli.ts';
import { readEntries } from '../sandbox-server/ask-admin.ts';
import { startSimulatedServer, type TestServer } from '../sandbox-server/start-test-server.ts';
import { startDeployment, type Deployment } from './start-deployment.ts';

const KEYS = { alpha: 'the-key-of-alpha', beta: 'the-key-of-beta' };
const NAMES = ['alpha', 'beta'] as const;
const EACH = 12;

let servers: Record<'alpha' | 'beta', TestServer>;
let deployment: Deployment;
let workers: Record<string, Awaited<ReturnType<Deployment['start']>>>;

const at = ({ server: { url } }: TestServer): object => ({ apiUrl: url, sandboxUrl: url });
const metrics = async (name: string): Promise<string> => (await fetch(workers[name]!.url)).text();
const passed = (name: string): string =>
  `evalpool_evaluations_total{provider="${name}",outcome="passed",error="none"} ${EACH}`;

beforeAll(async () => {
  const tier = { maxSandboxes: 20, createsPerS: null };
  servers = {
    alpha: await startSimulatedServer(tier, KEYS.alpha),
    beta: await startSimulatedServer(tier, KEYS.beta),
  };
  deployment = await startDeployment({
    alpha: { tier: 'local', maxSandboxes: 3, keyFrom: 'KEY_A', ...at(servers.alpha) },
    beta: { tier: 'pro', createsPerS: 20, reserve: 1, keyFrom: 'KEY_B', ...at(servers.beta) },
  });
});
afterAll(async () => {
  await deployment.close();
  await Promise.all(NAMES.map((name) => servers[name].close()));
});

async function submit(name: 'alpha' | 'beta'): Promise<void> {
  const { database } = deployment;
  const { id } = await openBatch(database, `of-${name}`, name);
  const candidates = Array.from({ length: EACH }, (_, n) => ({
    spec: { id: `${name}-${n}`, test: 'sim 0.1 exit 0' },
    contentHash: String(n),
    source: null,
  }));
  await acceptSpecs(database, id, randomUUID(), candidates);
  await sealBatch(database, id);
}

/** Leaves a sandbox at a provider that no ledger knows, as a crash between two statements would. */
async function abandon(name: 'alpha' | 'beta'): Promise<string> {
  const metadata = { deployment: await deploymentId(deployment.database), nonce: randomUUID() };
  return (await Sandbox.create({ ...servers[name].sdk, metadata })).sandboxId;
}

/** Repeats a question until its answer is wanted: the answers are the only clock. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
  }
}

test('a process that needs a key and has none ends before it does anything, and one that needs none starts', async () => {
  await expect(deployment.start('reaper', 'keyless-reaper', { KEY_A: KEYS.alpha })).rejects.toThrow(
    'ended (status 1)',
  );
  await expect(
    deployment.start('evaluator', 'keyless-evaluator', { EVALPOOL_PROVIDER: 'beta', KEY_A: KEYS.alpha }),
  ).rejects.toThrow('ended (status 1)');
  await expect(deployment.start('evaluator', 'nameless-evaluator')).rejects.toThrow('ended (status 1)');
  expect(await deployment.database.selectFrom('processes').selectAll().execute()).toEqual([]);
  expect(deployment.logs()).toContain('provider beta: its key is expected in KEY_B, which is not set');
  expect(deployment.logs()).toContain('EVALPOOL_PROVIDER: expected one of alpha, beta, got nothing');
  workers = { dispatcher: await deployment.start('dispatcher', 'dispatcher') };
  const saved = await deployment.database.selectFrom('providers').select(['name', 'slots', 'tier']).execute();
  expect(saved).toEqual(
    expect.arrayContaining([
      { name: 'alpha', slots: 3, tier: 'local' },
      { name: 'beta', slots: 99, tier: 'pro' },
    ]),
  );
});

test('two batches at once are each evaluated by their provider, and one reaper settles both', async () => {
  await Promise.all(NAMES.map(submit));
  const abandoned = { alpha: await abandon('alpha'), beta: await abandon('beta') };
  const [alpha, beta, reaper] = await Promise.all([
    deployment.start('evaluator', 'alpha', { EVALPOOL_PROVIDER: 'alpha', KEY_A: KEYS.alpha }),
    deployment.start('evaluator', 'beta', { EVALPOOL_PROVIDER: 'beta', KEY_B: KEYS.beta }),
    deployment.start('reaper', 'reaper', { KEY_A: KEYS.alpha, KEY_B: KEYS.beta }),
  ]);
  workers = { ...workers, alpha, beta, reaper };
  for (const name of NAMES) {
    const id = (await findBatch(deployment.database, `of-${name}`)) ?? '';
    const batch = await until(
      () => readBatch(deployment.database, id),
      (found) => found?.state === 'finished',
    );
    expect(batch).toMatchObject({ provider: name, counts: { passed: EACH } });
    const isGone = (one: { what: string; id: string | null }): boolean =>
      one.what === 'gone' && one.id === abandoned[name];
    const entries = await until(
      () => readEntries(servers[name]),
      (found) => found.some(isGone),
    );
    const ids = await deployment.database
      .selectFrom('evaluations')
      .select('id')
      .where('batch_id', '=', id)
      .execute();
    const lived = entries.filter(({ what }) => what === 'live');
    expect(lived.map((entry): unknown => Reflect.get(entry, 'metadata').evaluation).filter(Boolean)).toEqual(
      expect.arrayContaining(ids.map((row) => row.id)),
    );
    expect(lived).toHaveLength(EACH + 1);
    expect(entries.filter(({ what }) => what === 'gone')).toHaveLength(EACH + 1);
  }
});

test('every process measures its own providers', async () => {
  for (const [own, other] of [NAMES, NAMES.toReversed()]) {
    // Counted after it is written, and so after others may see it.
    const text = await until(
      () => metrics(own),
      (told) => told.includes(passed(own)),
    );
    expect(text).toContain(`evalpool_queue_wait_seconds_count{provider="${own}"} ${EACH}`);
    expect(text).toMatch(
      new RegExp(
        `evalpool_stage_duration_seconds_count{provider="${own}",stage="test",outcome="ok",template="base"} ${EACH}`,
      ),
    );
    expect(text).not.toContain(`provider="${other}"`);
  }
  const dispatcher = await metrics('dispatcher');
  expect(dispatcher).toContain('evalpool_slots_limit{provider="alpha"} 3');
  expect(dispatcher).toContain('evalpool_slots_limit{provider="beta"} 99');
  await until(
    () => metrics('reaper'),
    (told) => NAMES.every((name) => told.includes(`evalpool_sandboxes_reaped_total{provider="${name}"} 1`)),
  );
});

test('status tells of both without starting anything, and limits set by hand outlive a restart', async () => {
  const home = join(deployment.folder, 'nobodys-home');
  const { DATABASE_URL, REDIS_URL } = deployment.env;
  const env = { EVALPOOL_HOME: home, DATABASE_URL: DATABASE_URL!, REDIS_URL: REDIS_URL! };
  const cli = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await startCli(args, { cwd: deployment.folder, env }).ended;
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const list = async (): Promise<unknown> => JSON.parse(await cli('providers', 'list', '--json'));
  const alpha = { name: 'alpha', tier: 'local', maxSandboxes: 3, createsPerS: null, evaluators: 1 };
  expect(await list()).toMatchObject([
    alpha,
    { name: 'beta', tier: 'pro', maxSandboxes: 100, createsPerS: 20, reserve: 1, evaluators: 1 },
  ]);
  await cli('providers', 'set', 'beta', '--max-sandboxes', '40', '--reserve', '5');
  await workers['dispatcher']!.child.end();
  await deployment.start('dispatcher', 'dispatcher');
  expect(await list()).toMatchObject([alpha, { name: 'beta', slots: 35, reserve: 5, createsPerS: 20 }]);
  expect(await cli('status')).toMatch(/^alpha +local +3 +0\/3 .* ok *$/m);
  expect(await cli('status')).toMatch(/^beta +pro +40 +0\/35 .* 5 reserved *$/m);
  expect(existsSync(home)).toBe(false);
});

test('no key is in any log', () => {
  for (const key of Object.values(KEYS)) expect(deployment.logs()).not.toContain(key);
});
