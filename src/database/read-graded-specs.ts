import { sql } from 'kysely';
import type { SpecInput } from '../spec.ts';
import type { Database } from './connect.ts';

/** The spec of a sample that has a verdict. */
export interface GradedSpec {
  task: string;
  spec: SpecInput;
  contentHash: string;
  source: string | null;
}

/** The specs of those tasks of a batch whose samples have verdicts, by task and sample. */
export async function readGradedSpecs(
  database: Database,
  batchId: string,
  tasks: Iterable<string>,
): Promise<GradedSpec[]> {
  const { rows } = await sql<GradedSpec>`
    select task_id as task, spec, content_hash as "contentHash", source from evaluations
    where batch_id = ${batchId} and task_id = any(${[...tasks]}::text[])
      and outcome in ('passed', 'failed', 'timed_out')
    order by task_id, sample`.execute(database);
  return rows;
}
