import { sql } from 'kysely';
import type { Outcome } from '../outcome.ts';
import type { Database } from './connect.ts';
import type { BatchState, SandboxState } from './tables.ts';

/** How many sandboxes of a provider the ledger holds in a state. */
export interface LedgerCount {
  provider: string;
  state: Exclude<SandboxState, 'gone'>;
  count: number;
}

/** All that are not zero. */
export async function readLedgerCounts(database: Database): Promise<LedgerCount[]> {
  const { rows } = await sql<LedgerCount>`
    select provider, state, count(*)::int as count from sandboxes where state <> 'gone' group by provider, state`.execute(
    database,
  );
  return rows;
}

/** How long an evaluation of a provider has waited at most to be dispatched. */
export interface OldestWaiting {
  provider: string;
  seconds: number;
}

/** Of every provider for which something waits, unless people or a spent budget hold it back. */
export async function readOldestWaiting(database: Database): Promise<OldestWaiting[]> {
  const { rows } = await sql<OldestWaiting>`
    select b.provider, extract(epoch from now() - min(o.since))::float8 as seconds
    from batches b cross join lateral (
      select min(waiting_since) as since from evaluations e where e.batch_id = b.id and e.state = 'waiting') o
    where b.state <> 'finished' and not b.paused and b.cancelled_at is null and o.since is not null
      and b.spent_usd < coalesce(b.max_cost_usd, 'infinity') and b.spent_sandbox_s < coalesce(b.max_sandbox_s, 'infinity')
    group by b.provider`.execute(database);
  return rows;
}

/** A batch in figures. Times are Unix seconds. */
export interface BatchFigures extends Record<Outcome, number> {
  id: string;
  name: string;
  tenant: string;
  provider: string;
  state: BatchState | 'paused' | 'cancelled';
  total: number;
  unreadable: number;
  createdAt: number;
  deadlineAt: number | null;
  spentUsd: number;
  spentSandboxS: number;
  maxCostUsd: number | null;
  maxSandboxS: number | null;
}

/** The newest batches, those that are not finished first. */
export async function readNewestBatches(database: Database, most: number): Promise<BatchFigures[]> {
  const { rows } = await sql<BatchFigures>`
    select id, name, tenant, provider, total, unreadable, passed, failed, timed_out, invalid, infra_error, cancelled,
      case when cancelled_at is not null then 'cancelled' when paused and state <> 'finished' then 'paused' else state end as state,
      extract(epoch from created_at)::float8 as "createdAt", extract(epoch from deadline_at)::float8 as "deadlineAt",
      spent_usd as "spentUsd", spent_sandbox_s as "spentSandboxS", max_cost_usd as "maxCostUsd", max_sandbox_s as "maxSandboxS"
    from batches order by state = 'finished', id desc limit ${most}`.execute(database);
  return rows;
}

/** Bytes that the whole database takes. */
export async function readDatabaseSize(database: Database): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(
    database,
  );
  return Number(rows[0]?.bytes);
}
