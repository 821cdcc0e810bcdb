import { sql } from 'kysely';
import type { Database } from './connect.ts';

/** A leader's lease: writes made under it carry the epoch, so that a leader that was replaced can write nothing. */
export interface Lease {
  name: string;
  processId: string;
  epoch: string;
}

/**
 * Length of a lease, seconds. Its holder renews it at every sweep: a second after the last round, so that one may take four
 * seconds on a slow database before another process leads, which costs time only, since the epoch fences.
 */
const LEASE_S = 5;

/** Takes or renews a leader's lease; that of a process that has ended is free at once. Undefined: another process leads. */
export async function holdLease(
  database: Database,
  name: string,
  processId: string,
): Promise<Lease | undefined> {
  const { rows } = await sql<{ epoch: string }>`
    insert into leases as l (name, process_id, epoch, expires_at)
    values (${name}, ${processId}, 1, now() + make_interval(secs => ${LEASE_S}))
    on conflict (name) do update set expires_at = excluded.expires_at, process_id = excluded.process_id,
      epoch = l.epoch + (l.process_id <> excluded.process_id)::int
    where l.process_id = excluded.process_id or l.expires_at < now()
      or exists (select 1 from processes p where p.id = l.process_id and p.ended_at is not null)
    returning epoch`.execute(database);
  return rows[0] && { name, processId, epoch: rows[0].epoch };
}

/** Gives the lease up, so that the next leader need not wait for its end. */
export async function dropLease(database: Database, lease: Lease): Promise<void> {
  await sql`update leases set expires_at = now() - interval '1 second'
    where name = ${lease.name} and process_id = ${lease.processId} and epoch = ${lease.epoch}`.execute(
    database,
  );
}
