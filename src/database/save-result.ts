import { sql } from 'kysely';
import type { Outcome } from '../outcome.ts';
import type { EvaluationResult } from '../result.ts';
import { ACCEPTED, type Accepted } from './accepted.ts';
import type { Database } from './connect.ts';

/** The running attempt that a result or hand-back belongs to. */
export interface Fence {
  evaluationId: string;
  batchId: string;
  attempt: number;
}

/**
 * Result, state and counters in one statement, fenced by the attempt. Returns the outcome as it was written: in a cancelled
 * batch it becomes `cancelled`. Undefined: the attempt is outdated and nothing was written. Safe to repeat when a commit is in
 * doubt.
 */
export async function saveResult(
  database: Database,
  fence: Fence,
  result: EvaluationResult,
): Promise<Outcome | undefined> {
  const text = storable(result);
  const { rows } = await sql<{ outcome: Outcome }>`
    with batch as (
      select id, cancelled_at is not null as cancelled from batches where id = ${fence.batchId} for no key update),
    ended as (
      update evaluations e set state = 'finished', not_before = null,
        outcome = case when batch.cancelled then 'cancelled' else ${result.outcome} end
      from batch where e.id = ${fence.evaluationId} and e.attempt = ${fence.attempt} and e.state = 'running'
      returning e.id, e.batch_id, e.outcome),
    noted as (
      update attempts a set state = 'ended', reason = ${result.outcome}, ended_at = now()
      from ended where a.evaluation_id = ended.id and a.number = ${fence.attempt}),
    kept as (
      insert into results (evaluation_id, batch_id, attempt, outcome, reason, result)
      select id, batch_id, ${fence.attempt}, outcome, ${result.reason}, ${text}::jsonb from ended
      on conflict (evaluation_id) do update set batch_id = excluded.batch_id, attempt = excluded.attempt,
        outcome = excluded.outcome, reason = excluded.reason, result = excluded.result, finished_at = excluded.finished_at, seq = default)
    update batches b set
      passed = b.passed + (o = 'passed')::int, failed = b.failed + (o = 'failed')::int,
      timed_out = b.timed_out + (o = 'timed_out')::int, invalid = b.invalid + (o = 'invalid')::int,
      infra_error = b.infra_error + (o = 'infra_error')::int, cancelled = b.cancelled + (o = 'cancelled')::int,
      state = case when b.state = 'sealed' and b.total = b.ended + 1 then 'finished' else b.state end,
      finished_at = case when b.state = 'sealed' and b.total = b.ended + 1 then now() else b.finished_at end,
      spent_usd = b.spent_usd + ${result.costUsd}, spent_sandbox_s = b.spent_sandbox_s + ${result.sandboxSeconds}
    from (select batch_id, outcome as o from ended) n
    where b.id = n.batch_id returning n.o as outcome`.execute(database);
  return rows[0]?.outcome;
}

/** Back to waiting, for another attempt. `failed`: this one counts against the limit of attempts. */
export interface HandBack {
  reason: string;
  failed: boolean;
  delayMs: number;
  /** What the attempt used up of the batch's budget. */
  sandboxSeconds?: number;
  costUsd?: number;
  sandboxLost?: boolean;
  workerLost?: boolean;
  suspect?: string;
}

/** running → waiting. False: the attempt is outdated. It locks the batch's row first, as all do that change both. */
export async function handBack(database: Database, fence: Fence, how: HandBack): Promise<boolean> {
  const { rows } = await sql`
    with batch as (select id from batches where id = ${fence.batchId} for no key update),
    back as (
      update evaluations e set state = 'waiting', waiting_since = now(),
        not_before = now() + make_interval(secs => ${how.delayMs / 1000}),
        failures = failures + ${how.failed ? 1 : 0}, sandboxes_lost = sandboxes_lost + ${how.sandboxLost ? 1 : 0},
        workers_lost = workers_lost + ${how.workerLost ? 1 : 0}, suspect = coalesce(${how.suspect ?? null}, suspect)
      from batch where e.id = ${fence.evaluationId} and e.attempt = ${fence.attempt} and e.state = 'running'
      returning e.id),
    spent as (
      update batches b set spent_usd = b.spent_usd + ${how.costUsd ?? 0}::float8,
        spent_sandbox_s = b.spent_sandbox_s + ${how.sandboxSeconds ?? 0}::float8
      from back where b.id = ${fence.batchId} and ${how.sandboxSeconds ?? 0}::float8 > 0)
    update attempts a set state = 'ended', reason = ${how.reason}, ended_at = now()
    from back where a.evaluation_id = back.id and a.number = ${fence.attempt} returning 1`.execute(database);
  return rows.length === 1;
}

/** An attempt under way, and what its evaluation has been through. */
export interface Claim extends Fence, Accepted {
  provider: string;
  workersLost: number;
  failures: number;
  /** How long ago it was claimed, ms. */
  claimedMs: number;
}

/** Attempts that a process had claimed and not ended. */
export async function readClaims(database: Database, processId: string): Promise<Claim[]> {
  const { rows } = await sql<Claim>`
    select a.evaluation_id as "evaluationId", e.batch_id as "batchId", b.provider, a.number as attempt,
      e.workers_lost as "workersLost", e.failures, extract(epoch from now() - a.started_at)::float8 * 1000 as "claimedMs",
      ${ACCEPTED}
    from attempts a join evaluations e on e.id = a.evaluation_id join batches b on b.id = e.batch_id
    where a.process_id = ${processId} and a.state = 'claimed'`.execute(database);
  return rows;
}

// Postgres refuses NUL and lone surrogates in jsonb; a hostile candidate can put both into names and output.
function storable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string'
      ? inner.replaceAll('\0', '\uFFFD').replaceAll(/\p{Surrogate}/gu, '\uFFFD')
      : inner,
  );
}
