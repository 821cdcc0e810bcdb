import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../src/database/connect.ts';
import type { Account } from '../server/start.ts';
import type { KnownBatch } from './truth.ts';

/** What the checker found in Postgres. All but `extra…` should be empty or zero. */
export interface Findings {
  /** Evaluations with other than one result. */
  notOne: number;
  wrong: string[];
  infraErrors: string[];
  countersAgree: boolean;
  attempts: number;
}

/** Holds the stored results against the truth. */
export async function checkResults(database: Database, batch: KnownBatch): Promise<Findings> {
  const { rows } = await sql<{
    task_id: string;
    outcome: string | null;
    reason: string | null;
    results: number;
    tries: string | null;
  }>`
    select e.task_id, e.outcome, max(r.reason) as reason, count(r.evaluation_id)::int as results,
      (select string_agg(coalesce(a.reason, 'none'), ', ' order by a.number) from attempts a where a.evaluation_id = e.id) as tries
    from evaluations e left join results r on r.evaluation_id = e.id and r.outcome = e.outcome
    where e.batch_id = ${batch.id} group by e.id`.execute(database);
  const { rows: counted } = await sql<{ agree: boolean; attempts: number }>`
    select b.state = 'finished' and b.total = b.ended
      and (b.passed, b.failed, b.timed_out, b.infra_error) = (
        select count(*) filter (where outcome = 'passed'), count(*) filter (where outcome = 'failed'),
          count(*) filter (where outcome = 'timed_out'), count(*) filter (where outcome = 'infra_error')
        from results where batch_id = b.id) as agree,
      (select count(*)::int from attempts a join evaluations e on e.id = a.evaluation_id where e.batch_id = b.id) as attempts
    from batches b where b.id = ${batch.id}`.execute(database);
  const infra = rows.filter(({ outcome }) => outcome === 'infra_error');
  const wrong = rows.filter(
    ({ task_id: id, outcome }) => outcome !== 'infra_error' && outcome !== batch.truth.get(id),
  );
  return {
    notOne: rows.filter(({ results }) => results !== 1).length + Math.abs(rows.length - batch.truth.size),
    wrong: wrong.map(
      ({ task_id: id, outcome, reason }) =>
        `${id}: ${outcome ?? 'none'} (${reason ?? ''}), in truth ${batch.truth.get(id) ?? ''}`,
    ),
    infraErrors: infra.map(({ task_id: id, tries }) => `${id}: ${tries ?? ''}`),
    countersAgree: counted[0]?.agree ?? false,
    attempts: counted[0]?.attempts ?? 0,
  };
}

const Summary = z.object({
  live: z.number(),
  highest: z.object({ live: z.number() }),
  mostCreatesInASecond: z.object({ arrived: z.number(), accepted: z.number() }),
  creates: z.object({
    asked: z.number(),
    accepted: z.number(),
    refused: z.record(z.string(), z.number()),
    unanswered: z.number(),
  }),
  gone: z.record(z.string(), z.number()),
});

/** The provider's own account of what came and went. */
export type ProvidersWord = z.output<typeof Summary>;

/** Asks the sandbox server's ledger. */
export async function askLedger({ apiUrl, apiKey }: Account): Promise<ProvidersWord> {
  const answer = await fetch(`${apiUrl}/admin/ledger`, { headers: { 'x-api-key': apiKey } });
  if (!answer.ok) throw new Error(`the ledger answers ${answer.status}`);
  return Summary.parse(await answer.json());
}

/** Slots that the deployment's own ledger still holds. */
export async function countHeld(database: Database): Promise<number> {
  const { rows } = await sql<{
    held: number;
  }>`select coalesce(sum(held), 0)::int as held from providers`.execute(database);
  return rows[0]?.held ?? 0;
}
