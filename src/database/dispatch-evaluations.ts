import { sql } from 'kysely';
import { ACCEPTED, type Accepted } from './accepted.ts';
import type { Database } from './connect.ts';
import type { Lease } from './leases.ts';

/** An evaluation's next attempt, for the queue. */
export interface Dispatched extends Accepted {
  evaluationId: string;
  attempt: number;
  /** Processes were lost while they worked on it: it may be why, so it is to run alone. */
  alone: boolean;
}

const LOST_TO_RUN_ALONE = 2;

/**
 * Moves up to `room` evaluations of a provider from waiting to dispatched, in weighted fair order. Nothing without the lease.
 * 1. The next one goes to the tenant with the least under way for its weight, there to the batch with the least for its own.
 * 2. Within a batch by priority, then by age.
 * 3. Never above a cap of batch or tenant, nor beyond a batch's budget at what its evaluations have cost so far.
 */
export async function dispatchEvaluations(
  database: Database,
  lease: Lease,
  provider: string,
  room: number,
): Promise<Dispatched[]> {
  const { rows } = await sql<Dispatched>`
    with leader as (
      select 1 from leases
      where name = ${lease.name} and process_id = ${lease.processId} and epoch = ${lease.epoch} and expires_at > now()
      for share),
    loads as (
      select u.batch_id, count(*) as load from evaluations u
      where u.state in ('dispatched', 'running') group by u.batch_id),
    tenant_loads as (
      select b.tenant, sum(l.load) as everywhere, sum(l.load) filter (where b.provider = ${provider}) as load
      from loads l join batches b on b.id = l.batch_id where b.cancelled_at is null group by b.tenant),
    active as (${activeBatches(provider, room)}),
    in_tenant as (${orderInTenant()}),
    next as (
      select i.id from in_tenant i
        left join tenants t on t.name = i.tenant left join tenant_loads l on l.tenant = i.tenant
      where exists (select 1 from leader) and (t.max_running is null or coalesce(l.everywhere, 0) + i.place <= t.max_running)
      order by (coalesce(l.load, 0) + i.place) / coalesce(t.weight, 1), i.id limit ${room})
    update evaluations e set state = 'dispatched', attempt = e.attempt + 1, dispatched_at = now(), not_before = null
    from next where e.id = next.id and e.state = 'waiting'
    returning e.id as "evaluationId", e.attempt, e.workers_lost >= ${LOST_TO_RUN_ALONE} as alone, ${ACCEPTED}`.execute(
    database,
  );
  return rows;
}

type Fragment = ReturnType<typeof sql>;

/** Batches that may get more, with the most they may get: by cap, by what their budget still buys, by the room there is. */
function activeBatches(provider: string, room: number): Fragment {
  return sql`
    select b.id, b.tenant, b.weight, coalesce(l.load, 0) as load, least(
      b.max_running - coalesce(l.load, 0), ${affordable('max_cost_usd', 'spent_usd')},
      ${affordable('max_sandbox_s', 'spent_sandbox_s')}, ${room}::bigint) as most
    from batches b left join loads l on l.batch_id = b.id
    where b.provider = ${provider} and b.state <> 'finished' and not b.paused and b.cancelled_at is null
      and b.total > b.ended + coalesce(l.load, 0)
      and (b.max_cost_usd is null or b.spent_usd < b.max_cost_usd)
      and (b.max_sandbox_s is null or b.spent_sandbox_s < b.max_sandbox_s)`;
}

// How many more a budget buys at what the batch's evaluations have cost so far; null: nothing has ended or cost, nobody knows.
function affordable(budget: string, spent: string): Fragment {
  const [limit, used] = [sql.ref(`b.${budget}`), sql.ref(`b.${spent}`)];
  return sql`ceil((${limit} - ${used}) * nullif(b.ended, 0) / nullif(${used}, 0)) - coalesce(l.load, 0)`;
}

/** The first waiting evaluations of each active batch, in the order in which their tenant wants them. */
function orderInTenant(): Fragment {
  return sql`
    select w.id, a.tenant,
      row_number() over (partition by a.tenant order by (a.load + w.place) / a.weight, a.id) as place
    from active a cross join lateral (
      select e.id, row_number() over (order by e.priority desc, e.id) as place
      from evaluations e
      where e.batch_id = a.id and e.state = 'waiting' and (e.not_before is null or e.not_before <= now())
      order by e.priority desc, e.id limit greatest(a.most, 0)::bigint) w`;
}

/** A provider's slots, and how many evaluations are dispatched or running for them. */
export interface Window {
  provider: string;
  slots: number;
  underWay: number;
  /** Those of them that no evaluator has claimed. */
  dispatched: number;
  /** Whether anything may be created now: false while the breaker is open, `one` for a probe. */
  open: 'all' | 'one' | 'none';
}

/** What the dispatcher fills, for every provider that is known. */
export async function readWindows(database: Database): Promise<Window[]> {
  const { rows } = await sql<Window>`
    with under_way as (
      select b.provider, count(*)::int as number, (count(*) filter (where e.state = 'dispatched'))::int as dispatched from evaluations e join batches b on b.id = e.batch_id
      where e.state = 'running' or (e.state = 'dispatched' and b.cancelled_at is null) group by b.provider)
    select p.name as provider, p.slots, coalesce(u.number, 0) as "underWay",
      coalesce(u.dispatched, 0) as dispatched,
      case when p.breaker = 'closed' then 'all' when p.breaker_until <= clock_timestamp() then 'one' else 'none' end as open
    from providers p left join under_way u on u.provider = p.name`.execute(database);
  return rows;
}

/** Dispatched for longer than that and claimed by nobody: their jobs may be lost, or wait in a full queue. */
export async function readUnclaimed(
  database: Database,
  provider: string,
  olderThanS: number,
): Promise<Dispatched[]> {
  const { rows } = await sql<Dispatched>`
    select e.id as "evaluationId", e.attempt, e.workers_lost >= ${LOST_TO_RUN_ALONE} as alone, ${ACCEPTED}
    from evaluations e join batches b on b.id = e.batch_id
    where e.state = 'dispatched' and b.cancelled_at is null and b.provider = ${provider}
      and e.dispatched_at < now() - make_interval(secs => ${olderThanS})`.execute(database);
  return rows;
}
