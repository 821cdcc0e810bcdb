import type { Outcome } from '../outcome.ts';
import type { EvaluationResult } from '../result.ts';
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
