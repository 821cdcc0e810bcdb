import { sql } from 'kysely';
import type { Outcome } from '../outcome.ts';
import type { EvaluationResult } from '../result.ts';
import { ACCEPTED, type Accepted } from './accepted.ts';
import type { Database } from './connect.ts';

/** The evaluation that a producer's key stands for, in its batch. */
export async function findByKey(
  database: Database,
  batchId: string,
  key: string,
): Promise<string | undefined> {
  const row = await database
    .selectFrom('evaluations')
    .select('id')
    .where('batch_id', '=', batchId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.id;
}

/** When an evaluation was accepted. */
export async function findAccepted(database: Database, evaluationId: string): Promise<Accepted | undefined> {
  const { rows } =
    await sql<Accepted>`select ${ACCEPTED} from evaluations e where id = ${evaluationId}`.execute(database);
  return rows[0];
}

/** Whether an evaluation that somebody waits for is still in a batch, and whether that was cancelled. */
export async function findAwaited(
  database: Database,
  evaluationId: string,
): Promise<{ cancelled: boolean } | undefined> {
  const row = await database
    .selectFrom('evaluations as e')
    .innerJoin('batches as b', 'b.id', 'e.batch_id')
    .select('b.cancelled_at')
    .where('e.id', '=', evaluationId)
    .executeTakeFirst();
  return row && { cancelled: row.cancelled_at !== null };
}

/** The result of an evaluation, if it has ended. */
export async function findResult(
  database: Database,
  evaluationId: string,
): Promise<{ outcome: Outcome; reason: string; result: EvaluationResult } | undefined> {
  return database
    .selectFrom('results')
    .select(['outcome', 'reason', 'result'])
    .where('evaluation_id', '=', evaluationId)
    .executeTakeFirst();
}
