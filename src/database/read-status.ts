import { sql } from 'kysely';
import type { Database } from './connect.ts';
import type { Breaker, BatchState } from './tables.ts';

/** A provider's limits and use, and what holds it back. */
export interface ProviderStatus {
  name: string;
  tier: string;
  held: number;
  slots: number;
  maxSandboxes: number;
  reserve: number;
  foreign: number;
  seenLimit: number | null;
  createsPerS: number | null;
  slowDown: number;
  /** Seconds until the next creation is allowed; 0: now. */
  nextCreateS: number;
  breaker: Breaker;
  breakerReason: string | null;
  breakerForS: number | null;
  dispatched: number;
  running: number;
  longestSessionS: number;
  /** Evaluators of it that are alive. */
  evaluators: number;
}

/** All providers that processes have made known. */
export async function readProviderStatus(database: Database): Promise<ProviderStatus[]> {
  const { rows } = await sql<ProviderStatus>`
    with under_way as (
      select b.provider, count(*) filter (where e.state = 'dispatched')::int as dispatched,
        count(*) filter (where e.state = 'running')::int as running
      from evaluations e join batches b on b.id = e.batch_id
      where e.state = 'running' or (e.state = 'dispatched' and b.cancelled_at is null) group by b.provider)
    select p.name, p.tier, p.held, p.slots, coalesce(p.own_max_sandboxes, p.max_sandboxes) as "maxSandboxes",
      coalesce(p.own_reserve, p.reserve) as reserve, p.longest_session_s as "longestSessionS",
      p.foreign_sandboxes as foreign, p.seen_limit as "seenLimit",
      coalesce(p.own_creates_per_s, p.creates_per_s) as "createsPerS", p.slow_down as "slowDown",
      greatest(0, extract(epoch from p.next_create_at - clock_timestamp()))::float8 as "nextCreateS",
      p.breaker, p.breaker_reason as "breakerReason",
      extract(epoch from p.breaker_until - clock_timestamp())::float8 as "breakerForS",
      coalesce(u.dispatched, 0) as dispatched, coalesce(u.running, 0) as running,
      (select count(*)::int from processes o where o.kind = 'evaluator' and o.provider = p.name and o.ended_at is null) as evaluators
    from providers p left join under_way u on u.provider = p.name order by p.name`.execute(database);
  return rows;
}

/** A batch with its shares and budget; `load` is what of it is dispatched or running. */
export interface BatchStatus {
  id: string;
  name: string;
  tenant: string;
  provider: string;
  state: BatchState;
  paused: boolean;
  cancelled: boolean;
  total: number;
  ended: number;
  load: number;
  running: number;
  weight: number;
  maxRunning: number | null;
  maxCostUsd: number | null;
  spentUsd: number;
  maxSandboxS: number | null;
  spentSandboxS: number;
  tenantWeight: number;
  tenantMaxRunning: number | null;
  tenantLoad: number;
  createdAt: Date;
  deadlineAt: Date | null;
}

/** Batches that are not finished, the newest last, or the one of that name whatever its state. */
export async function readBatchStatus(database: Database, name?: string): Promise<BatchStatus[]> {
  const which = name === undefined ? sql`b.state <> 'finished'` : sql`b.name = ${name}`;
  const { rows } = await sql<BatchStatus>`
    with loads as (
      select batch_id, count(*)::int as load, count(*) filter (where state = 'running')::int as running
      from evaluations where state in ('dispatched', 'running') group by batch_id),
    tenant_loads as (
      select b.tenant, sum(l.load)::int as load from loads l join batches b on b.id = l.batch_id
      where b.cancelled_at is null group by b.tenant)
    select b.id, b.name, b.tenant, b.provider, b.state, b.paused, b.cancelled_at is not null as cancelled, b.total, b.ended,
      coalesce(l.load, 0) as load, coalesce(l.running, 0) as running, b.weight, b.max_running as "maxRunning",
      b.max_cost_usd as "maxCostUsd", b.spent_usd as "spentUsd", b.max_sandbox_s as "maxSandboxS",
      b.spent_sandbox_s as "spentSandboxS", coalesce(t.weight, 1) as "tenantWeight",
      t.max_running as "tenantMaxRunning", coalesce(tl.load, 0) as "tenantLoad", b.created_at as "createdAt", b.deadline_at as "deadlineAt"
    from batches b left join loads l on l.batch_id = b.id left join tenants t on t.name = b.tenant
      left join tenant_loads tl on tl.tenant = b.tenant
    where ${which} order by b.id`.execute(database);
  return rows;
}
