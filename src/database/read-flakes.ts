import { sql } from 'kysely';
import type { Database } from './connect.ts';

/** A task, or a test of one, that came out both ways although the very same spec was evaluated. */
export interface Flake {
  task: string;
  /** Null: the task's verdict itself. */
  test: string | null;
  passed: number;
  /** Verdicts; of a test, the reports that do not skip it. */
  seen: number;
  /** `newly`: all batches before the newest one it is in agreed. */
  since: 'known' | 'newly';
}

/** How many tasks were evaluated more than once with the same content, and which of them came out both ways. */
export interface Ledger {
  /** Tasks with two verdicts or more on the same spec: the others can show nothing. */
  repeated: number;
  flakes: Flake[];
}

/** The flake ledger over the stored results of some batches, or of all. The same spec is what has the same content hash. */
export async function readLedger(database: Database, batchIds: readonly string[] | null): Promise<Ledger> {
  const chosen = batchIds === null ? sql`true` : sql`e.batch_id = any(${[...batchIds]}::bigint[])`;
  const graded = sql`e.outcome in ('passed', 'failed', 'timed_out') and ${chosen}`;
  const { rows: counted } = await sql<{ repeated: number }>`
    select count(*)::int as repeated from (
      select from evaluations e where ${graded} group by e.task_id, e.content_hash having count(*) > 1) t`.execute(
    database,
  );
  const { rows: tasks } = await sql<Flake>`
    with rounds as (
      select e.task_id as task, e.content_hash as hash, null::text as test, e.batch_id as batch,
        count(*) filter (where e.outcome = 'passed') as passed, count(*) as seen
      from evaluations e where ${graded} group by 1, 2, 4)
    ${FLAKES}`.execute(database);
  const { rows: tests } = await sql<Flake>`
    with repeated as (
      select e.task_id, e.content_hash from evaluations e where ${graded} group by 1, 2 having count(*) > 1),
    rounds as (
      select e.task_id as task, e.content_hash as hash, t.name as test, e.batch_id as batch,
        count(*) filter (where t.status = 'passed') as passed, count(*) as seen
      from evaluations e join repeated using (task_id, content_hash) join results r on r.evaluation_id = e.id,
        jsonb_to_recordset(r.result -> 'tests') as t(name text, status text)
      where ${graded} and t.status <> 'skipped' group by 1, 2, 3, 4)
    ${FLAKES}`.execute(database);
  return { repeated: counted[0]?.repeated ?? 0, flakes: [...tasks, ...tests] };
}

// `rounds`: how often a thing passed and was seen in each batch.
const FLAKES = sql`
  select task, test, sum(passed)::int as passed, sum(seen)::int as seen,
    case when count(*) > 1 and (
        coalesce(sum(passed) filter (where not newest), 0) in (0, sum(seen) filter (where not newest)))
      then 'newly' else 'known' end as since
  from (select *, batch = max(batch) over (partition by task, hash, test) as newest from rounds) r
  group by task, hash, test having sum(passed) > 0 and sum(passed) < sum(seen)
  order by task, test`;
