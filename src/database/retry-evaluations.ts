import { sql } from 'kysely';
import type { Outcome } from '../outcome.ts';
import { lockBatch } from './batches.ts';
import type { Database } from './connect.ts';
import { uncount } from './replace-specs.ts';

/**
 * Evaluates those of a batch again that ended with one of the outcomes; returns how many. Their results go, their attempts
 * count on. A cancelled batch is no longer cancelled, so what it never began runs too.
 */
export async function retryEvaluations(
  database: Database,
  batchId: string,
  outcomes: readonly Outcome[],
): Promise<number> {
  return database.transaction().execute(async (tx) => {
    await lockBatch(tx, batchId);
    await sql`
      update batches set cancelled_at = null, paused = false, cancelled = (
        select count(*) from evaluations where batch_id = ${batchId} and outcome = 'cancelled')
      where id = ${batchId} and cancelled_at is not null`.execute(tx);
    const { rows } = await sql<{ id: string }>`
      with batch as (select id from batches where id = ${batchId}),
      picked as (
        select e.id, e.outcome from evaluations e join batch on e.batch_id = batch.id
        where e.state = 'finished' and e.outcome = any(${[...outcomes]}) for update of e),
      again as (
        update evaluations e set state = 'waiting', outcome = null, not_before = null, failures = 0, sandboxes_lost = 0,
          workers_lost = 0, suspect = null, waiting_since = now(), accepted_at = now(), dispatched_at = null
        from picked where e.id = picked.id returning e.id),
      dropped as (delete from results where evaluation_id in (select id from picked)),
      counted as (${uncount(sql`picked`)})
      select id from again`.execute(tx);
    await sql`update batches set state = 'sealed', finished_at = null
      where id = ${batchId} and state = 'finished' and total > ended`.execute(tx);
    return rows.length;
  });
}
