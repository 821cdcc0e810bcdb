import { sql } from 'kysely';
import type { Database } from './connect.ts';

/** A task whose own solution did not pass each time. */
export interface GoldFailure {
  task: string;
  passed: number;
  /** Evaluations that say something of the task: verdicts, and what its spec was to blame for. */
  tried: number;
}

/** What a batch of solutions says of its tasks. */
export interface GoldFindings {
  tasks: number;
  /** Tasks of which nothing can be said: our failures, cancelled, without a result. */
  untried: number;
  /** Sorted by task. */
  failures: GoldFailure[];
}

/** Reads a batch of the tasks' own solutions: a spec that is to blame is as bad a task as a solution that fails. */
export async function readGold(database: Database, batchId: string): Promise<GoldFindings> {
  const { rows } = await sql<{ tasks: number; untried: number; failures: GoldFailure[] | null }>`
    with told as (
      select task_id as task, count(*) filter (where outcome = 'passed')::int as passed,
        count(*) filter (where outcome in ('passed', 'failed', 'timed_out', 'invalid'))::int as tried
      from evaluations where batch_id = ${batchId} group by task_id)
    select count(*)::int as tasks, count(*) filter (where tried = 0)::int as untried,
      jsonb_agg(to_jsonb(told) order by task) filter (where passed < tried) as failures from told`.execute(
    database,
  );
  const [row] = rows;
  return { tasks: row?.tasks ?? 0, untried: row?.untried ?? 0, failures: row?.failures ?? [] };
}
