import { sql } from 'kysely';
import type { Database } from './connect.ts';

/** How the samples of one task came out. */
export interface TaskTally {
  task: string;
  passed: number;
  /** Samples with a verdict. */
  graded: number;
  /** All samples, those without a verdict or without a result too. */
  samples: number;
}

const PAGE = 5_000;

const TALLY = sql`task_id as task, count(*) filter (where outcome = 'passed')::int as passed,
  count(*) filter (where outcome in ('passed', 'failed', 'timed_out'))::int as graded, count(*)::int as samples`;

/** The tasks of a batch, sorted by id. Read in pages. */
export async function* readTallies(database: Database, batchId: string): AsyncGenerator<TaskTally> {
  for (let after = ''; ;) {
    const { rows } = await sql<TaskTally>`
      select ${TALLY}
      from evaluations where batch_id = ${batchId} and task_id > ${after}
      group by task_id order by task_id limit ${PAGE}`.execute(database);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.task;
  }
}

/** Those tasks of a batch that are among the ids. */
export async function readTalliesOf(
  database: Database,
  batchId: string,
  tasks: ReadonlySet<string>,
): Promise<TaskTally[]> {
  const { rows } = await sql<TaskTally>`
    select ${TALLY} from evaluations where batch_id = ${batchId} and task_id = any(${[...tasks]}::text[])
    group by task_id order by task_id`.execute(database);
  return rows;
}

/** The tasks of a batch by those of their samples whose numbers lie in a range. */
export async function readTalliesBetween(
  database: Database,
  batchId: string,
  { from, below }: { from: number; below: number },
): Promise<TaskTally[]> {
  const { rows } = await sql<TaskTally>`
    select ${TALLY} from evaluations where batch_id = ${batchId} and sample >= ${from} and sample < ${below}
    group by task_id order by task_id`.execute(database);
  return rows;
}

/** How many samples the task has that has most. */
export async function readMostSamples(database: Database, batchId: string): Promise<number> {
  const { rows } = await sql<{ most: number }>`
    select coalesce(max(n), 0)::int as most
    from (select count(*) as n from evaluations where batch_id = ${batchId} group by task_id) t`.execute(
    database,
  );
  return rows[0]?.most ?? 0;
}
