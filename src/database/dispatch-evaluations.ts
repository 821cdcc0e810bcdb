import { sql } from 'kysely';
import type { Database } from './connect.ts';
import type { Lease } from './leases.ts';

/** An evaluation's next attempt, for the queue. */
export interface Dispatched {
  evaluationId: string;
  attempt: number;
}

/**
 * Moves up to `room` evaluations of a provider from waiting to dispatched, fairly: the next one always goes to the
 * batch that has the fewest under way, within a batch by priority and then by age. Nothing without the lease.
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
    active as (
      select b.id, (select count(*) from evaluations u where u.batch_id = b.id and u.state in ('dispatched', 'running')) as load
      from batches b
      where b.provider = ${provider} and b.state <> 'finished' and not b.paused and b.cancelled_at is null
        and exists (select 1 from leader)),
    next as (
      select w.id from active a cross join lateral (
        select e.id, row_number() over (order by e.priority desc, e.id) as place
        from evaluations e
        where e.batch_id = a.id and e.state = 'waiting' and (e.not_before is null or e.not_before <= now())
        order by e.priority desc, e.id limit ${room}) w
      order by a.load + w.place, a.id limit ${room})
    update evaluations e set state = 'dispatched', attempt = e.attempt + 1, dispatched_at = now(), not_before = null
    from next where e.id = next.id and e.state = 'waiting'
    returning e.id as "evaluationId", e.attempt`.execute(database);
  return rows;
}

/** A provider's slots, and how many evaluations are dispatched or running for them. */
export interface Window {
  maxSandboxes: number;
  held: number;
  underWay: number;
}

/** What the dispatcher fills; undefined: nobody has made the provider known. */
export async function readWindow(database: Database, provider: string): Promise<Window | undefined> {
  const { rows } = await sql<Window>`
    select p.max_sandboxes as "maxSandboxes", p.held,
      (select count(*)::int from evaluations e join batches b on b.id = e.batch_id
        where e.state in ('dispatched', 'running') and b.provider = p.name) as "underWay"
    from providers p where p.name = ${provider}`.execute(database);
  return rows[0];
}

/** How many evaluations of a provider wait, from the batches' counters: as fast for a million as for one. */
export async function countWaiting(database: Database, provider: string, underWay: number): Promise<number> {
  const { rows } = await sql<{ open: string }>`
    select coalesce(sum(total - ended), 0) as open from batches
    where provider = ${provider} and state <> 'finished' and cancelled_at is null`.execute(database);
  return Number(rows[0]?.open ?? 0) - underWay;
}

/** Dispatched for longer than that and claimed by nobody: their jobs may be lost, or wait in a full queue. */
export async function readUnclaimed(
  database: Database,
  provider: string,
  olderThanS: number,
): Promise<Dispatched[]> {
  const { rows } = await sql<Dispatched>`
    select e.id as "evaluationId", e.attempt from evaluations e join batches b on b.id = e.batch_id
    where e.state = 'dispatched' and b.provider = ${provider}
      and e.dispatched_at < now() - make_interval(secs => ${olderThanS})`.execute(database);
  return rows;
}
