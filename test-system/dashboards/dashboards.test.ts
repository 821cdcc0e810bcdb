import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROVIDER } from '../../bench/chaos/world.ts';
import { inWorld, type CalmWorld } from '../../bench/queue/run-work.ts';
import { fillIn, readQueries, RULES, type Asked } from '../../grafana/src/queries.ts';
import { readExpression } from '../../test/grafana/read-promql.ts';
import { NIGHT_FAULTS, runNight } from './run-night.ts';
import { startPrometheus, type Answered, type Prometheus } from './start-prometheus.ts';

// The real system at work on a provider that is unwell now and then, scraped by the real Prometheus: every query of every panel,
// variable and alert must find something there, of the right size, and what is counted must agree with the database.

const MISSING = spawnSync('prometheus', ['--version']).status !== 0;
const SLOTS = 20;
/** Scraped for so long after the end, so that the last values are in, ms. */
const AFTERWARDS_MS = 3000;
const ZOOM = { rateInterval: '10s', range: '90s' };

/** What a value of each unit may be. */
const SIZES: Readonly<Record<string, readonly [number, number]>> = {
  percentunit: [0, 1.001],
  s: [0, 4000],
  bytes: [0, 1e14],
  currencyUSD: [0, 10],
};

describe.skipIf(MISSING)('A night (skipped without Prometheus: apt-get install prometheus)', () => {
  let prometheus: Prometheus;
  let during: readonly [number, number];
  /** When all had ended and all still told it. */
  let after: number;
  let counts: Counts;
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-night-'));
  chmodSync(folder, 0o711);

  beforeAll(async () => {
    const size = { slots: SLOTS, createsPerS: 20, evaluators: 2, dispatchers: 2 };
    await inWorld({ ...size, faults: NIGHT_FAULTS }, async (world) => {
      prometheus = await startPrometheus(folder, await targetsOf(world), RULES);
      const from = Date.now() / 1000;
      await runNight(world);
      during = [from + 2, Date.now() / 1000];
      await delay(AFTERWARDS_MS);
      after = Date.now() / 1000;
      counts = await countInDatabase(world);
    });
  }, 300_000);
  afterAll(async () => {
    await prometheus.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function unanswered(asked: readonly Asked[]): Promise<string[]> {
    const wrong: string[] = [];
    for (const each of asked) {
      const problem = problemOf(each, await prometheus.ask(fillIn(each.expr, ZOOM), ...during));
      if (problem) wrong.push(`${each.where}: ${problem}`);
    }
    return wrong;
  }

  const queries = readQueries().flatMap(withoutSilence);

  test('every panel, variable and alert finds what it asks for, of the right size', async () => {
    expect(queries.length).toBeGreaterThan(100);
    expect(await unanswered(queries)).toEqual([]);
  });

  test.each(['slots_held', 'stage_duration_seconds', 'backlog', 'batch_eta_seconds'])(
    'a metric that is no longer called %s is missed by whatever asks for it',
    async (name) => {
      const renamed = queries
        .filter(({ expr }) => expr.includes(`evalpool_${name}`))
        .map((asked) => ({
          ...asked,
          expr: asked.expr.replaceAll(`evalpool_${name}`, `evalpool_x_${name}`),
        }));
      expect(renamed.length).toBeGreaterThan(1);
      expect((await unanswered(renamed)).length).toBeGreaterThan(1);
    },
  );

  test('what is counted agrees with the database', async () => {
    expect(await sumBy('evalpool_evaluations_total', 'outcome')).toEqual(counts.outcomes);
    const figures = {
      'sum(evalpool_attempts_total)': counts.attempts,
      'sum(evalpool_creations_total{outcome="created"})': counts.created,
      'sum(evalpool_stage_duration_seconds_count{stage="create"})': counts.attempts,
      'sum(evalpool_retries_total)': counts.attempts - counts.results,
      'sum(evalpool_intake_jobs_total{outcome="accepted"})': 1,
      'sum(evalpool_intake_jobs_total{outcome="refused"})': 1,
      'sum(evalpool_batch_ended)': counts.results,
      'sum(evalpool_backlog)': 0,
      'sum(evalpool_leading)': 1,
      'count(evalpool_slots_limit)': 1,
    };
    const most = (await prometheus.value('max(max_over_time(evalpool_slots_held[5m]))', after)) ?? 0;
    expect(most).toBeGreaterThan(SLOTS / 4);
    expect(most).toBeLessThanOrEqual(SLOTS);
    for (const [expr, count] of Object.entries(figures))
      expect([expr, await prometheus.value(expr, after)]).toEqual([expr, count]);
    expect(await prometheus.value('sum(evalpool_sandbox_seconds_total)', after)).toBeCloseTo(
      counts.sandboxS,
      3,
    );
    expect(await prometheus.value('sum(evalpool_cost_usd_total)', after)).toBeCloseTo(counts.costUsd, 6);
  });

  test('an exemplar leads from a stage to its evaluation', async () => {
    const found = await prometheus.exemplars(
      'evalpool_stage_duration_seconds_bucket{stage="test"}',
      ...during,
    );
    expect(found.length).toBeGreaterThan(0);
    for (const labels of found) expect(labels['evaluation']).toMatch(/^\d+$/);
  });

  async function sumBy(metric: string, label: string): Promise<Record<string, number>> {
    const answered = await prometheus.ask(`sum by (${label}) (${metric}) > 0`, after, after);
    return Object.fromEntries(
      answered.map(({ labels, values }) => [labels[label] ?? '', values.at(-1) ?? 0]),
    );
  }
});

function problemOf({ unit }: Asked, answered: readonly Answered[]): string | undefined {
  const values = answered.flatMap((series) => series.values).filter((value) => Number.isFinite(value));
  if (values.length === 0) return answered.length === 0 ? 'no answer' : 'nothing finite';
  const [least, most] = SIZES[unit ?? ''] ?? [-Infinity, Infinity];
  const wrong = values.find((value) => value < least || value > most);
  return wrong === undefined ? undefined : `${wrong} is not between ${least} and ${most} ${unit ?? ''}`;
}

// An alert that is silent has no answer: what it looks at must be there all the same.
function withoutSilence(asked: Asked): Asked[] {
  if (asked.by !== 'alert') return [asked];
  const { selectors } = readExpression(asked.expr);
  return selectors.map(({ text }) => ({ ...asked, where: `${asked.where}: ${text}`, expr: text }));
}

async function targetsOf({ database }: CalmWorld): Promise<Record<string, string[]>> {
  const rows = await database.selectFrom('processes').select(['kind', 'health']).execute();
  const jobs: Record<string, string[]> = {};
  for (const { kind, health } of rows) (jobs[kind] ??= []).push(new URL(health ?? '').host);
  return jobs;
}

interface Counts {
  outcomes: Record<string, number>;
  results: number;
  attempts: number;
  created: number;
  sandboxS: number;
  costUsd: number;
}

async function countInDatabase({ database }: CalmWorld): Promise<Counts> {
  const outcomes = await sql<{ outcome: string; count: number }>`
    select outcome, count(*)::int as count from results group by outcome`.execute(database);
  const { rows } = await sql<Omit<Counts, 'outcomes'>>`
    select (select count(*)::int from results) as results, (select count(*)::int from attempts) as attempts,
      (select count(*)::int from sandboxes where alive_at is not null and provider = ${PROVIDER}) as created,
      (select sum(spent_sandbox_s) from batches) as "sandboxS", (select sum(spent_usd) from batches) as "costUsd"`.execute(
    database,
  );
  const [row] = rows;
  if (!row) throw new Error('no counts');
  return {
    ...row,
    outcomes: Object.fromEntries(outcomes.rows.map(({ outcome, count }) => [outcome, count])),
  };
}
