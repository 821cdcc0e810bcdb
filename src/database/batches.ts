import { sql } from 'kysely';
import { EvalpoolError } from '../errors.ts';
import { noOutcomes, OUTCOMES, type Outcome } from '../outcome.ts';
import { finishCancelled } from './cancel-batch.ts';
import type { Database } from './connect.ts';
import type { BatchState } from './tables.ts';

/** Whose a batch is that was not submitted by a tenant's key. */
export const DEFAULT_TENANT = 'default';

/** A batch with its counters. `total` counts accepted evaluations, `unreadable` the input lines that were not. */
export interface Batch {
  id: string;
  name: string;
  provider: string;
  state: BatchState;
  paused: boolean;
  cancelled: boolean;
  createdAt: Date;
  finishedAt: Date | null;
  total: number;
  unreadable: number;
  counts: Record<Outcome, number>;
}

/**
 * The batch of that name, open and resumed whatever it was, made if there is none. Throws BATCH_CANCELLED when it was
 * cancelled, USAGE when it is of another provider; neither changes it.
 */
export async function openBatch(
  database: Database,
  name: string,
  provider: string,
  tenant = DEFAULT_TENANT,
): Promise<Batch> {
  const { id } = await makeBatch(database, name, provider, tenant);
  await database
    .updateTable('batches')
    .set({ state: 'open', paused: false, finished_at: null, fed_at: new Date() })
    .where('id', '=', id)
    .where('cancelled_at', 'is', null)
    .execute();
  return makeBatch(database, name, provider, tenant);
}

/** The batch of that name as it is, made if there is none. Throws as `openBatch` does. */
export async function makeBatch(
  database: Database,
  name: string,
  provider: string,
  tenant = DEFAULT_TENANT,
): Promise<Batch> {
  const row = await database
    .insertInto('batches')
    .values({ name, provider, tenant })
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
    .returning('id')
    .executeTakeFirst();
  const id = row?.id ?? (await findBatch(database, name, tenant));
  const batch = id === undefined ? undefined : await readBatch(database, id);
  if (!batch) throw new Error(`batch ${name} vanished`);
  if (batch.cancelled) throw new EvalpoolError('BATCH_CANCELLED', `the batch ${name} was cancelled`);
  if (batch.provider !== provider) {
    const message = `batch ${name} is of provider ${batch.provider}: go on with it there, or use another name`;
    throw new EvalpoolError('USAGE', message);
  }
  return batch;
}

/** Idle seconds after which a batch fed by jobs is sealed by itself. */
export async function sealWhenIdle(database: Database, batchId: string, idleSeconds: number): Promise<void> {
  await database
    .updateTable('batches')
    .set({ seal_after_s: idleSeconds })
    .where('id', '=', batchId)
    .execute();
}

/** Nothing more is coming. Finishes the batch at once if all of it has ended. */
export async function sealBatch(database: Database, batchId: string): Promise<void> {
  await database
    .updateTable('batches')
    .set({ state: 'sealed' })
    .where('id', '=', batchId)
    .where('state', '=', 'open')
    .execute();
  await finishBatches(database);
}

/**
 * Locks a batch's row until the transaction ends; whoever changes evaluations of a batch locks it first. A statement of its
 * own, so that the next ones see all that the lock's former holders wrote, which a statement that waited itself does not.
 */
export async function lockBatch(transaction: Database, batchId: string): Promise<void> {
  await sql`select 1 from batches where id = ${batchId}::bigint for no key update`.execute(transaction);
}

/** Stops or resumes dispatching of a batch; what runs, runs on. */
export async function pauseBatch(database: Database, batchId: string, paused: boolean): Promise<void> {
  await database.updateTable('batches').set({ paused }).where('id', '=', batchId).execute();
}

/** Seals idle batches, finishes sealed ones whose evaluations have all ended and cancelled ones; returns how many it finished. */
export async function finishBatches(database: Database): Promise<number> {
  await sql`update batches set state = 'sealed'
    where state = 'open' and fed_at + make_interval(secs => seal_after_s) < now()`.execute(database);
  const done = await sql`update batches set state = 'finished', finished_at = now()
    where state = 'sealed' and total = ended and cancelled_at is null`.execute(database);
  return Number(done.numAffectedRows ?? 0) + (await finishCancelled(database));
}

/** One batch by id. */
export async function readBatch(database: Database, id: string): Promise<Batch | undefined> {
  const row = await database.selectFrom('batches').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) return undefined;
  const counts = noOutcomes();
  for (const outcome of OUTCOMES) counts[outcome] = row[outcome];
  return {
    id: row.id,
    name: row.name,
    provider: row.provider,
    state: row.state,
    paused: row.paused,
    cancelled: row.cancelled_at !== null,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    total: row.total,
    unreadable: row.unreadable,
    counts,
  };
}

/** The id of a tenant's batch of that name, if there is one. */
export async function findBatch(
  database: Database,
  name: string,
  tenant = DEFAULT_TENANT,
): Promise<string | undefined> {
  const row = await database
    .selectFrom('batches')
    .select('id')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.id;
}

/** How many evaluations of a batch run right now. */
export async function countRunning(database: Database, batchId: string): Promise<number> {
  const row = await database
    .selectFrom('evaluations')
    .select((eb) => eb.fn.countAll<string>().as('running'))
    .where('batch_id', '=', batchId)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  return Number(row.running);
}
