import { sql } from 'kysely';
import type { SpecInput } from '../spec.ts';
import { ACCEPTED, type Accepted } from './accepted.ts';
import type { Database } from './connect.ts';

/** An evaluation that this process now works on. */
export interface Claimed extends Accepted {
  evaluationId: string;
  attempt: number;
  batchId: string;
  tenant: string;
  spec: SpecInput;
  /** Attempts that failed by infrastructure, before this one. */
  failures: number;
  sandboxesLost: number;
  /** Error code that put the spec under suspicion in an earlier sandbox. */
  suspect: string | null;
  waitedSeconds: number;
}

/** Whether a claim of this attempt would succeed now. */
export async function isClaimable(
  database: Database,
  { evaluationId, attempt }: { evaluationId: string; attempt: number },
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from evaluations e join batches b on b.id = e.batch_id
    where e.id = ${evaluationId} and e.attempt = ${attempt} and e.state = 'dispatched' and b.cancelled_at is null`.execute(
    database,
  );
  return rows.length === 1;
}

/**
 * dispatched → running, with the attempt number as fence. Undefined: cancelled, claimed by another, or outdated.
 * It locks the batch row, so that a cancel is either seen here or sees this claim. `again`: an earlier call's commit is in
 * doubt, so a claim of this very process counts too.
 */
export async function claimEvaluation(
  database: Database,
  hint: { evaluationId: string; attempt: number },
  processId: string,
  again = false,
): Promise<Claimed | undefined> {
  const { rows } = await sql<Claimed>`
    with batch as (
      select b.id, b.tenant from batches b
      where b.id = (select batch_id from evaluations where id = ${hint.evaluationId}) and b.cancelled_at is null
      for share),
    claimed as (
      update evaluations e set state = 'running' from batch
      where e.id = ${hint.evaluationId} and e.batch_id = batch.id and e.attempt = ${hint.attempt}
        and (e.state = 'dispatched' or (${again} and e.state = 'running' and exists (
          select 1 from attempts a where a.evaluation_id = e.id and a.number = e.attempt
            and a.process_id = ${processId}::bigint and a.state = 'claimed')))
      returning e.*, batch.tenant),
    noted as (
      insert into attempts (evaluation_id, number, process_id)
      select id, attempt, ${processId}::bigint from claimed on conflict do nothing)
    select id as "evaluationId", attempt, batch_id as "batchId", tenant, spec, failures, sandboxes_lost as "sandboxesLost", suspect,
      extract(epoch from now() - waiting_since)::float8 as "waitedSeconds", ${ACCEPTED}
    from claimed e`.execute(database);
  return rows[0];
}
