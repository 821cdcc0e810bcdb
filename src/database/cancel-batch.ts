import { sql } from 'kysely';
import type { Database } from './connect.ts';

/**
 * Cancels a batch of any size in one row: what waits is cancelled by view, what runs is stopped by its evaluator, claims and
 * saves that follow see it. False: it was finished or cancelled before.
 */
export async function cancelBatch(database: Database, batchId: string): Promise<boolean> {
  const done = await sql`update batches set cancelled_at = now()
    where id = ${batchId} and state <> 'finished' and cancelled_at is null`.execute(database);
  return done.numAffectedRows === 1n;
}

/** Finishes cancelled batches of which nothing runs any more; all that had not ended counts as cancelled. */
export async function finishCancelled(database: Database): Promise<number> {
  const done = await sql`
    update batches b set state = 'finished', finished_at = now(), cancelled = total - (ended - cancelled)
    where b.cancelled_at is not null and b.state <> 'finished'
      and not exists (select 1 from evaluations e where e.batch_id = b.id and e.state = 'running')`.execute(
    database,
  );
  return Number(done.numAffectedRows ?? 0);
}

/** A running attempt that its evaluator must end, and why. */
export interface Unwanted {
  evaluationId: string;
  attempt: number;
  why: 'cancelled' | 'overtaken';
}

/** Of the attempts that a process works on, those that are no longer wanted: cancelled, or handed on to another. */
export async function readUnwanted(
  database: Database,
  running: ReadonlyArray<{ evaluationId: string; attempt: number }>,
): Promise<Unwanted[]> {
  const { rows } = await sql<Unwanted>`
    select r.id as "evaluationId", r.attempt,
      case when e.state = 'running' and e.attempt = r.attempt then 'cancelled' else 'overtaken' end as why
    from unnest(${running.map(({ evaluationId }) => evaluationId)}::bigint[], ${running.map(({ attempt }) => attempt)}::int[]) as r(id, attempt)
      left join evaluations e on e.id = r.id left join batches b on b.id = e.batch_id
    where e.id is null or e.state <> 'running' or e.attempt <> r.attempt or b.cancelled_at is not null`.execute(
    database,
  );
  return rows;
}
