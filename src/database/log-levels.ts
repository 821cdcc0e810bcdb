import { sql } from 'kysely';
import type { LogLevel } from '../log-level.ts';
import type { Database } from './connect.ts';

/** Whose logs a level is for. */
export const LOG_KINDS = ['all', 'api', 'dispatcher', 'evaluator', 'reaper'] as const;
export type LogKind = (typeof LOG_KINDS)[number];

/** A level that logs follow for a while. */
export interface SetLevel {
  kind: LogKind;
  level: LogLevel;
  /** For how long still, seconds. */
  forS: number;
}

/** Sets it: each process sees it at its next heartbeat, those that start meanwhile at their first. */
export async function setLogLevel(database: Database, { kind, level, forS }: SetLevel): Promise<void> {
  await sql`
    insert into log_levels (kind, level, until) values (${kind}, ${level}, now() + make_interval(secs => ${forS}))
    on conflict (kind) do update set level = excluded.level, until = excluded.until`.execute(database);
}

/** Each process goes back to what it was started with, as far as no other setting is for it. */
export async function clearLogLevel(database: Database, kind: LogKind): Promise<void> {
  await database.deleteFrom('log_levels').where('kind', '=', kind).execute();
}

/** Those in force. */
export async function readLogLevels(database: Database): Promise<SetLevel[]> {
  const { rows } = await sql<SetLevel>`
    select kind, level, extract(epoch from until - now())::float8 as "forS" from log_levels
    where until > now() order by kind`.execute(database);
  return rows;
}
