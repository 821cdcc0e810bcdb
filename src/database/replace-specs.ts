import { sql } from 'kysely';
import type { Candidate } from './accept-specs.ts';
import { lockBatch } from './batches.ts';
import type { Database } from './connect.ts';

/**
 * Specs of a batch whose content has changed since an earlier submission are evaluated again: their results go, their
 * attempts count on (the number is the fence, so an attempt under way can save nothing any more). Returns the ids of those
 * that were replaced, in no order; specs doubled in this very submission are none of them.
 */
export async function replaceSpecs(
  database: Database,
  batchId: string,
  submission: string,
  candidates: readonly Candidate[],
): Promise<Array<{ id: string; taskId: string; sample: number }>> {
  const column = <T>(read: (candidate: Candidate) => T): T[] => candidates.map(read);
  const replace = sql<{ id: string; taskId: string; sample: number }>`
    with batch as (select id from batches where id = ${batchId}::bigint and cancelled_at is null),
    changed as (
      select e.id, e.outcome, r.h, r.s, r.f, r.p
      from unnest(${column(({ spec }) => spec.id)}::text[], ${column(({ spec }) => spec.sample ?? 0)}::int[],
        ${column(({ contentHash }) => contentHash)}::text[], ${column(({ spec }) => JSON.stringify(spec))}::text[],
        ${column(({ source }) => source)}::text[], ${column(({ spec }) => spec.priority ?? 0)}::int[]) as r(t, n, h, s, f, p)
      join batch on true
      join evaluations e on e.batch_id = batch.id and e.task_id = r.t and e.sample = r.n
      where e.content_hash <> r.h and e.submission <> ${submission}::uuid
      for update of e),
    replaced as (
      update evaluations e set spec = c.s::json, content_hash = c.h, source = c.f, priority = c.p, submission = ${submission}::uuid,
        state = 'waiting', outcome = null, not_before = null, failures = 0, sandboxes_lost = 0, workers_lost = 0,
        suspect = null, waiting_since = now(), accepted_at = now(), dispatched_at = null
      from changed c where e.id = c.id returning e.id, e.task_id as "taskId", e.sample),
    dropped as (delete from results where evaluation_id in (select id from changed)),
    overtaken as (
      update attempts set state = 'ended', reason = 'replaced', ended_at = now()
      where state = 'claimed' and evaluation_id in (select id from changed)),
    counted as (${uncount(sql`changed`)})
    select id, "taskId", sample from replaced`;
  return database.transaction().execute(async (tx) => {
    await lockBatch(tx, batchId);
    return (await replace.execute(tx)).rows;
  });
}

/** Takes the outcomes of rows `(outcome)` out of the counters of `batch` and opens it for more. */
export function uncount(rows: ReturnType<typeof sql>): ReturnType<typeof sql> {
  return sql`
    update batches b set fed_at = now(), finished_at = null,
      state = case when b.state = 'finished' then 'sealed' else b.state end,
      passed = b.passed - n.passed, failed = b.failed - n.failed, timed_out = b.timed_out - n.timed_out,
      invalid = b.invalid - n.invalid, infra_error = b.infra_error - n.infra_error, cancelled = b.cancelled - n.cancelled
    from batch, (select
      count(*) filter (where outcome = 'passed') as passed, count(*) filter (where outcome = 'failed') as failed,
      count(*) filter (where outcome = 'timed_out') as timed_out, count(*) filter (where outcome = 'invalid') as invalid,
      count(*) filter (where outcome = 'infra_error') as infra_error, count(*) filter (where outcome = 'cancelled') as cancelled,
      count(*) as all_of_them from ${rows}) n
    where b.id = batch.id and n.all_of_them > 0`;
}
