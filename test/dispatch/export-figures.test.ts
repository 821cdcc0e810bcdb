import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pauseBatch } from '../../src/database/batches.ts';
import { cancelBatch } from '../../src/database/cancel-batch.ts';
import { changeBatch, changeTenant } from '../../src/database/change-shares.ts';
import { claimEvaluation } from '../../src/database/claim-evaluation.ts';
import { registerProcess } from '../../src/database/processes.ts';
import type { BatchFigures } from '../../src/database/read-figures.ts';
import { saveResult } from '../../src/database/save-result.ts';
import { BatchPlaces, exportBatches } from '../../src/dispatch/export-batches.ts';
import { exportFigures } from '../../src/dispatch/export-figures.ts';
import { makeLog } from '../../src/log.ts';
import { makeMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { noOutcomes, OUTCOMES, type Outcome } from '../../src/outcome.ts';
import { takeSlot } from '../../src/slots/slots.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { dispatchSome, passedResult, seedBatch, seedProvider } from '../fixtures/seed.ts';

const BATCH: BatchFigures = {
  id: '1',
  name: 'a',
  tenant: 't',
  provider: 'p',
  state: 'sealed',
  total: 100,
  unreadable: 2,
  ...noOutcomes(),
  createdAt: 1000,
  deadlineAt: 5000,
  spentUsd: 3,
  spentSandboxS: 10,
  maxCostUsd: 4,
  maxSandboxS: null,
};

let it: Awaited<ReturnType<typeof openTestDatabase>>;
let metrics: Metrics;
let leads = true;
let redisIsThere = true;
beforeAll(async () => {
  it = await openTestDatabase();
});
afterAll(() => it.close());

beforeEach(() => {
  [leads, redisIsThere] = [true, true];
  metrics = makeMetrics([]);
  const look = async <T>(value: T): Promise<T> => {
    if (!redisIsThere) throw new Error('away');
    return Promise.resolve(value);
  };
  exportFigures({
    database: it.database,
    metrics,
    log: makeLog('test', 'silent'),
    leads: () => leads,
    queues: {
      readMemory: async () => look(1e6),
      readCounts: async () => look([{ queue: 'evaluations-p', counts: { waiting: 4 } }]),
      close: async () => Promise.resolve(),
    },
  });
});

test('a tenant that has less than its share is told by how many places, and the smallest tenants together', async () => {
  await seedProvider(it.database, 'shared', 30);
  const names = ['big', ...Array.from({ length: 22 }, (_, at) => `small-${at}`)];
  for (const tenant of names) {
    const id = await seedBatch(it.database, 'shared', `of-${tenant}`, tenant === 'big' ? 40 : 2);
    await it.database.updateTable('batches').set({ tenant }).where('id', '=', id).execute();
  }
  const told = await figures('tenant');
  expect(told['tenant_waiting{tenant="big"}']).toBe(40);
  expect(told['tenant_waiting{tenant="other"}']).toBe(2 * 3);
  expect(Object.keys(told).filter((name) => name.startsWith('tenant_waiting'))).toHaveLength(21);
  await dispatchSome(it.database, 'shared', 30);
  await changeTenant(it.database, 'big', { weight: 8 });
  const after = await figures('tenant');
  const underWay = Object.entries(after).filter(([name]) => name.startsWith('tenant_under_way'));
  expect(underWay.reduce((total, [, value]) => total + value, 0)).toBe(30);
  const big = after['tenant_under_way{tenant="big"}']!;
  expect(big).toBeLessThan(3);
  expect(after['tenant_share_deficit{tenant="big"}']).toBeCloseTo((30 * 8) / 30 - big);
});

test('each evaluation that has not ended is told once, by what it is', async () => {
  await seedProvider(it.database, 'told', 4);
  const batchId = await seedBatch(it.database, 'told', 'told', 10);
  const paused = await seedBatch(it.database, 'told', 'told-paused', 5);
  await pauseBatch(it.database, paused, true);
  const spent = await seedBatch(it.database, 'told', 'told-spent', 3);
  await changeBatch(it.database, spent, { maxCostUsd: 1e-9 });
  await it.database.updateTable('batches').set({ spent_usd: 1 }).where('id', '=', spent).execute();
  const cancelled = await seedBatch(it.database, 'told', 'told-cancelled', 7);
  await cancelBatch(it.database, cancelled);
  const processId = await registerProcess(it.database, 'evaluator', 'told');
  const [first, second] = await dispatchSome(it.database, 'told', 3);
  await takeSlot(it.database, { provider: 'told', processId, ...first! });
  await claimEvaluation(it.database, first!, processId);
  await claimEvaluation(it.database, second!, processId);
  await saveResult(it.database, { ...second!, batchId }, passedResult());

  expect(await figures('told')).toMatchObject({
    'backlog{provider="told",state="waiting"}': 7,
    'backlog{provider="told",state="paused"}': 8,
    'backlog{provider="told",state="dispatched"}': 1,
    'backlog{provider="told",state="running"}': 1,
    'slots_held{provider="told"}': 1,
    'slots_limit{provider="told"}': 4,
    'sandboxes{provider="told",state="intended"}': 1,
    'sandboxes{provider="told",state="alive"}': 0,
    'evaluators{provider="told"}': 1,
    'breaker{provider="told",state="closed"}': 1,
    'breaker{provider="told",state="open"}': 0,
    'window_fill_ratio{provider="told"}': 2 / 6,
  });
});

test('the one that has waited longest gives the age, unless people hold it back', async () => {
  await seedProvider(it.database, 'aged', 4);
  const ages = { 'aged-old': 500, 'aged-older': 5000 };
  const ids: string[] = [];
  for (const [name, ageS] of Object.entries(ages)) {
    const id = await seedBatch(it.database, 'aged', name, 2);
    const since = new Date(Date.now() - ageS * 1000);
    await it.database
      .updateTable('evaluations')
      .set({ waiting_since: since })
      .where('batch_id', '=', id)
      .execute();
    ids.push(id);
  }
  expect(Math.floor((await figures('aged'))['oldest_waiting_seconds{provider="aged"}']! / 1000)).toBe(5);
  await pauseBatch(it.database, ids[1]!, true);
  expect(Math.floor((await figures('aged'))['oldest_waiting_seconds{provider="aged"}']! / 100)).toBe(5);
  await changeBatch(it.database, ids[0]!, { maxSandboxS: 1 });
  await it.database.updateTable('batches').set({ spent_sandbox_s: 1 }).where('id', '=', ids[0]!).execute();
  expect((await figures('aged'))['oldest_waiting_seconds{provider="aged"}']).toBe(0);
});

test('the newest batches keep their places, each with its deadline, budget and, once something has ended, its time to go', async () => {
  const alone = makeMetrics([]);
  const places = new BatchPlaces();
  const told = async (atMs: number, batches: readonly BatchFigures[]): Promise<Record<string, number>> => {
    exportBatches(alone, places, batches, atMs);
    return readSeries((await alone.text()).body, 'batch_');
  };
  expect(await told(0, [BATCH])).toEqual({
    'batch_info{place="1",batch="a",tenant="t",provider="p",state="sealed"}': 1,
    'batch_evaluations{place="1"}': 102,
    ...ended('1', { invalid: 2 }),
    'batch_created_timestamp_seconds{place="1"}': 1000,
    'batch_deadline_timestamp_seconds{place="1"}': 5000,
    'batch_cost_usd{place="1"}': 3,
    'batch_sandbox_seconds{place="1"}': 10,
    'batch_budget_used_ratio{place="1"}': 0.75,
  });
  const later = { ...BATCH, passed: 20, failed: 5 };
  expect(await told(10_000, [later])).toMatchObject({ 'batch_eta_seconds{place="1"}': 30 });
  const others = ['2', '3', '4', '5'].map((id) => ({
    ...BATCH,
    id,
    name: `b${id}`,
    maxCostUsd: null,
    deadlineAt: null,
  }));
  const five = await told(20_000, [...others, later]);
  expect(five).toMatchObject({ 'batch_cost_usd{place="1"}': 3, 'batch_cost_usd{place="5"}': 3 });
  expect(Object.keys(five).filter((name) => /budget|deadline/.test(name))).toHaveLength(2);
  const next = { ...others[0]!, id: '6', name: 'six', state: 'finished' as const };
  const six = Object.keys(await told(30_000, [next, ...others]));
  expect(six).toContain('batch_info{place="1",batch="six",tenant="t",provider="p",state="finished"}');
  expect(six).toContain('batch_info{place="2",batch="b2",tenant="t",provider="p",state="sealed"}');
  expect(six).toContain('batch_eta_seconds{place="1"}');
  expect(six.filter((name) => name.startsWith('batch_info'))).toHaveLength(5);
});

test('who does not lead tells nothing, and what cannot be looked up is missing', async () => {
  await seedProvider(it.database, 'led', 4);
  const held = 'slots_held{provider="led"}';
  expect(await figures('')).toMatchObject({
    [held]: 0,
    'queue_jobs{queue="evaluations-p",state="waiting"}': 4,
  });
  redisIsThere = false;
  const without = await figures('');
  expect(without[held]).toBe(0);
  expect(Object.keys(without).filter((name) => /queue_jobs|redis_memory/.test(name))).toEqual([]);
  leads = false;
  const leaders = /^(slots|backlog|batch|database_size|redis_memory|queue_jobs|tenant_(waiting|under|share))/;
  expect(Object.keys(await figures('')).filter((name) => leaders.test(name))).toEqual([]);
  leads = true;
  expect(await figures('')).toMatchObject({ [held]: 0 });
});

async function figures(containing: string): Promise<Record<string, number>> {
  return readSeries((await metrics.text()).body, containing);
}

/** Every series of ours that contains a text, by its name without `evalpool_`. */
function readSeries(body: string, containing: string): Record<string, number> {
  return Object.fromEntries(
    [...body.matchAll(/^evalpool_(\S+) (\S+)$/gm)]
      .filter(([, name]) => name!.includes(containing))
      .map(([, name, value]) => [name!, Number(value)]),
  );
}

function ended(place: string, some: Partial<Record<Outcome, number>>): Record<string, number> {
  return Object.fromEntries(
    OUTCOMES.map((outcome) => [`batch_ended{place="${place}",outcome="${outcome}"}`, some[outcome] ?? 0]),
  );
}
