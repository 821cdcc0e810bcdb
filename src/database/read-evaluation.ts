import { sql } from 'kysely';
import type { Outcome } from '../outcome.ts';
import type { EvaluationResult } from '../result.ts';
import type { SpecInput } from '../spec.ts';
import type { Stage } from '../stage.ts';
import { ACCEPTED, type Accepted } from './accepted.ts';
import type { Database } from './connect.ts';
import type { EvaluationState } from './tables.ts';

/** Everything that is known of one evaluation. */
export interface EvaluationFacts extends Accepted {
  id: string;
  taskId: string;
  sample: number;
  spec: SpecInput;
  source: string | null;
  state: EvaluationState;
  outcome: Outcome | null;
  attempt: number;
  failures: number;
  workersLost: number;
  suspect: string | null;
  waitingSince: Date;
  dispatchedAt: Date | null;
  /** Seconds until it may be tried again; null: at once. */
  notBeforeS: number | null;
  /** Evaluations of its batch that come before it, by priority and age; counted up to a thousand. */
  ahead: number;
  /** What its evaluator last said of it. */
  stage: Stage | null;
  stageSince: string | null;
  result: EvaluationResult | null;
}

/** One attempt of an evaluation, and the process that made it. */
export interface AttemptFacts {
  number: number;
  state: 'claimed' | 'ended';
  reason: string | null;
  startedAt: Date;
  endedAt: Date | null;
  host: string;
  pid: number;
}

const MOST_COUNTED = 1000;

/** The evaluation of a batch by its task and sample. */
export async function readEvaluation(
  database: Database,
  batchId: string,
  named: { taskId: string; sample: number },
): Promise<(EvaluationFacts & { attempts: AttemptFacts[] }) | undefined> {
  const { rows } = await sql<EvaluationFacts>`
    select e.id, e.task_id as "taskId", e.sample, e.spec, e.source, e.state, e.outcome, e.attempt, e.failures,
      e.workers_lost as "workersLost", e.suspect, e.waiting_since as "waitingSince", e.dispatched_at as "dispatchedAt",
      extract(epoch from e.not_before - now())::float8 as "notBeforeS",
      (select count(*)::int from (select 1 from evaluations o where e.state = 'waiting' and o.batch_id = e.batch_id
        and o.state = 'waiting' and (o.priority, -o.id) > (e.priority, -e.id) limit ${MOST_COUNTED}) n) as ahead,
      w.value ->> 'stage' as stage, w.value ->> 'since' as "stageSince", r.result, ${ACCEPTED}
    from evaluations e left join results r on r.evaluation_id = e.id
      left join attempts a on a.evaluation_id = e.id and a.number = e.attempt and a.state = 'claimed'
      left join processes p on p.id = a.process_id
      left join lateral (select value from jsonb_array_elements(p.working) where value ->> 'evaluationId' = e.id::text limit 1) w on true
    where e.batch_id = ${batchId} and e.task_id = ${named.taskId} and e.sample = ${named.sample}`.execute(
    database,
  );
  const [facts] = rows;
  return facts && { ...facts, attempts: await readAttempts(database, facts.id) };
}

async function readAttempts(database: Database, evaluationId: string): Promise<AttemptFacts[]> {
  const { rows } = await sql<AttemptFacts>`
    select a.number, a.state, a.reason, a.started_at as "startedAt", a.ended_at as "endedAt", p.host, p.pid
    from attempts a join processes p on p.id = a.process_id
    where a.evaluation_id = ${evaluationId} order by a.number`.execute(database);
  return rows;
}
