import type { Database } from './connect.ts';

/** A finished batch that nobody has fed or finished since some time. */
export interface OldBatch {
  id: string;
  name: string;
  finishedAt: Date;
  evaluations: number;
}

/** Batches that finished before `before`, the oldest first. */
export async function readOldBatches(database: Database, before: Date): Promise<OldBatch[]> {
  const rows = await database
    .selectFrom('batches')
    .select(['id', 'name', 'finished_at', 'total'])
    .where('state', '=', 'finished')
    .where('finished_at', '<', before)
    .orderBy('finished_at')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    finishedAt: row.finished_at ?? before,
    evaluations: row.total,
  }));
}

/** Removes a batch with all that belongs to it, unless it was opened again since. True if it is gone. */
export async function removeOldBatch(database: Database, id: string, before: Date): Promise<boolean> {
  const done = await database
    .deleteFrom('batches')
    .where('id', '=', id)
    .where('state', '=', 'finished')
    .where('finished_at', '<', before)
    .executeTakeFirst();
  return done.numDeletedRows === 1n;
}

/** True while any evaluation is on its way to a sandbox or in one. */
export async function anythingUnderWay(database: Database): Promise<boolean> {
  const row = await database
    .selectFrom('evaluations')
    .select('id')
    .where('state', 'in', ['dispatched', 'running'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
