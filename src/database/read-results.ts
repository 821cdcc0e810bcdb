import { sql } from 'kysely';
import { EvalpoolError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { failedResult, type EvaluationResult } from '../result.ts';
import type { SpecInput } from '../spec.ts';
import type { Database } from './connect.ts';

/** One evaluation of a batch with its result. */
export interface StoredResult {
  evaluationId: string;
  taskId: string;
  sample: number;
  labels: Record<string, string>;
  spec: SpecInput;
  source: string | null;
  outcome: Outcome;
  reason: string;
  result: EvaluationResult;
}

const PAGE = 500;

/**
 * All results of a batch in the order in which it was submitted, then what a cancelled batch never began, which has no
 * result of its own but shows as cancelled once the batch is finished. `tasks`: only these. Read in pages.
 */
export async function* readResults(
  database: Database,
  batchId: string,
  tasks?: readonly string[],
): AsyncGenerator<StoredResult> {
  yield* readStored(database, batchId, tasks);
  if (!tasks) yield* readNeverBegun(database, batchId);
}

/** A result and its place in the order in which they came. */
export interface ArrivedResult extends StoredResult {
  seq: string;
}

/** The next results of a batch in the order in which they came; `after`: the place of the last one that is known. */
export async function readArrived(
  database: Database,
  batchId: string,
  { after, most }: { after: string; most: number },
): Promise<ArrivedResult[]> {
  const rows = await selectResults(database, batchId)
    .select('r.seq')
    .where('r.seq', '>', after)
    .orderBy('r.seq')
    .limit(most)
    .execute();
  return rows.map((row) => ({ ...storedResult(row), seq: row.seq }));
}

async function* readStored(
  database: Database,
  batchId: string,
  tasks: readonly string[] | undefined,
): AsyncGenerator<StoredResult> {
  const wanted =
    tasks === undefined ? sql<boolean>`true` : sql<boolean>`e.task_id = any(${[...tasks]}::text[])`;
  let after = '0';
  for (;;) {
    const rows = await selectResults(database, batchId)
      .where('r.evaluation_id', '>', after)
      .where(wanted)
      .orderBy('r.evaluation_id')
      .limit(PAGE)
      .execute();
    for (const row of rows) yield storedResult(row);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.id;
  }
}

// eslint-disable-next-line typescript/explicit-function-return-type -- kysely's builder type is its query
function selectResults(database: Database, batchId: string) {
  return database
    .selectFrom('results as r')
    .innerJoin('evaluations as e', 'e.id', 'r.evaluation_id')
    .select(['e.id', 'e.task_id', 'e.sample', 'e.source', 'e.spec', 'r.outcome', 'r.reason', 'r.result'])
    .where('r.batch_id', '=', batchId);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectResults>['execute']>>[number];

function storedResult(row: Row): StoredResult {
  return {
    evaluationId: row.id,
    taskId: row.task_id,
    sample: row.sample,
    labels: row.spec.labels ?? {},
    spec: row.spec,
    source: row.source,
    outcome: row.outcome,
    reason: row.reason,
    result: row.result,
  };
}

async function* readNeverBegun(database: Database, batchId: string): AsyncGenerator<StoredResult> {
  const error = new EvalpoolError('CANCELLED', 'its batch was cancelled before it ran');
  for (let after = '0'; ;) {
    const rows = await database
      .selectFrom('evaluations as e')
      .innerJoin('batches as b', 'b.id', 'e.batch_id')
      .select(['e.id', 'e.task_id', 'e.sample', 'e.source', 'e.spec', 'e.attempt'])
      .where('e.batch_id', '=', batchId)
      .where('b.cancelled_at', 'is not', null)
      .where('b.state', '=', 'finished')
      .where('e.state', '<>', 'finished')
      .where('e.id', '>', after)
      .orderBy('e.id')
      .limit(PAGE)
      .execute();
    for (const { id, task_id: taskId, sample, source, spec, attempt } of rows) {
      const result = failedResult(error, attempt);
      const { outcome, reason } = result;
      const labels = spec.labels ?? {};
      yield { evaluationId: id, taskId, sample, labels, spec, source, outcome, reason, result };
    }
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.id;
  }
}

/** How many results of a batch carry each outcome and reason. */
export async function countReasons(
  database: Database,
  batchId: string,
): Promise<Array<{ outcome: Outcome; reason: string; count: number }>> {
  const rows = await database
    .selectFrom('results')
    .select(['outcome', 'reason', (eb) => eb.fn.countAll<string>().as('count')])
    .where('batch_id', '=', batchId)
    .groupBy(['outcome', 'reason'])
    .orderBy('count', 'desc')
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** The input lines of a batch that are no specs. */
export async function readUnreadable(
  database: Database,
  batchId: string,
): Promise<Array<{ source: string; message: string }>> {
  return database
    .selectFrom('unreadable_lines')
    .select(['source', 'message'])
    .where('batch_id', '=', batchId)
    .execute();
}
