import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { LogLevel } from '../log-level.ts';
import type { Database } from './connect.ts';
import type { Working } from './tables.ts';

/** Makes this process known; its id marks what it works on. `provider`: whose sandboxes it uses, of an evaluator. */
export async function registerProcess(database: Database, kind: string, provider?: string): Promise<string> {
  const row = await database
    .insertInto('processes')
    .values({ kind, provider: provider ?? null, host: hostname(), pid: process.pid })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** The answer to a heartbeat. */
interface Beaten {
  /** How much its log is to tell; null: what it was started with. */
  logLevel: LogLevel | null;
}

/** One heartbeat for all that the process holds. Undefined: it was declared dead meanwhile and must drop its work. */
export async function beat(
  database: Database,
  processId: string,
  working: readonly Working[] = [],
): Promise<Beaten | undefined> {
  const { rows } = await sql<Beaten>`
    update processes p set beat = beat + 1, working = ${JSON.stringify(working)}::jsonb
    where id = ${processId} and ended_at is null
    returning (select level from log_levels l where l.kind in (p.kind, 'all') and l.until > now()
      order by l.kind = 'all' limit 1) as "logLevel"`.execute(database);
  return rows[0];
}

/** Every process that has not ended, with its heartbeat, for an observer to compare over time. */
export async function readBeats(database: Database): Promise<Array<{ id: string; beat: string }>> {
  return database.selectFrom('processes').select(['id', 'beat']).where('ended_at', 'is', null).execute();
}

/** The process has ended or counts as dead. `beat`: only if it has not beaten since. */
export async function endProcess(database: Database, processId: string, atBeat?: string): Promise<boolean> {
  let query = database
    .updateTable('processes')
    .set({ ended_at: new Date() })
    .where('id', '=', processId)
    .where('ended_at', 'is', null);
  if (atBeat !== undefined) query = query.where('beat', '=', atBeat);
  return (await query.executeTakeFirst()).numUpdatedRows === 1n;
}

/** Says where the process serves its health and metrics. */
export async function noteHealth(database: Database, processId: string, health: string): Promise<void> {
  await database.updateTable('processes').set({ health }).where('id', '=', processId).execute();
}

/** Base URLs of the health servers of all processes of this host that have not ended. */
export async function readHealthHere(database: Database): Promise<string[]> {
  const rows = await database
    .selectFrom('processes')
    .select('health')
    .where('host', '=', hostname())
    .where('ended_at', 'is', null)
    .execute();
  return rows.flatMap(({ health }) => health ?? []);
}
