import { Kysely, Migrator, PostgresDialect, type LogEvent } from 'kysely';
import { Pool } from 'pg';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { createStates } from './migrations/0001-states.ts';
import { addShares } from './migrations/0002-shares.ts';
import { addSeveralProviders } from './migrations/0003-several-providers.ts';
import { addDeadlines } from './migrations/0004-deadlines.ts';
import { addObserved } from './migrations/0005-observed.ts';
import { addApi } from './migrations/0006-api.ts';
import type { Tables } from './tables.ts';

export type Database = Kysely<Tables>;

const MIGRATIONS = {
  '0001-states': { up: createStates },
  '0002-shares': { up: addShares },
  '0003-several-providers': { up: addSeveralProviders },
  '0004-deadlines': { up: addDeadlines },
  '0005-observed': { up: addObserved },
  '0006-api': { up: addApi },
};

/** Who watches how the database is used. */
export interface DatabaseWatch {
  /** Told of every query once it has ended. */
  onQuery(seconds: number, outcome: 'ok' | 'failed'): void;
  /** Given a function that counts the pool's connections, and the queries that wait for one. */
  onPool(count: () => { idle: number; used: number; waiting: number }): void;
}

/** Opens a pool. `url` is a postgres:// URL; one with `?host=/folder` goes through that folder's unix socket. */
export function connectDatabase(url: string, log: Log, connections = 10, watch?: DatabaseWatch): Database {
  const pool = new Pool({ connectionString: url, max: connections, application_name: 'evalpool' });
  // A client whose server stops would otherwise end the process, idle or in use; the next query says what is wrong.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => log.warn({ err: error }, 'lost an idle database connection'));
  watch?.onPool(() => ({
    idle: pool.idleCount,
    used: pool.totalCount - pool.idleCount,
    waiting: pool.waitingCount,
  }));
  const note = ({ level, queryDurationMillis }: LogEvent): void =>
    watch?.onQuery(queryDurationMillis / 1000, level === 'error' ? 'failed' : 'ok');
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), ...(watch ? { log: note } : {}) });
}

/** What bringing the schema up to date came to. */
export interface Migrated {
  /** The newest migration: what the schema is now. */
  version: string;
  /** Migrations that were made just now. */
  made: readonly string[];
}

/** Brings the schema up to date; safe to call from several processes at once. Throws STORE_FAILED. */
export async function migrate(database: Database): Promise<Migrated> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => MIGRATIONS } });
  const { error, results = [] } = await migrator.migrateToLatest();
  const version = Object.keys(MIGRATIONS).at(-1) ?? '';
  if (!error) return { version, made: results.map(({ migrationName }) => migrationName) };
  const why = error instanceof Error ? error.message : JSON.stringify(error);
  const newer = /previously executed migration (\S+) is missing/.exec(why)?.[1];
  const message = newer
    ? `a newer evalpool brought the database schema to ${newer}, this one knows it up to ${version}: start the newer one`
    : `the database schema cannot be brought up to date: ${why}`;
  throw new EvalpoolError('STORE_FAILED', message, { cause: error });
}

/** The id that marks this deployment's sandboxes at every provider. */
export async function deploymentId(database: Database): Promise<string> {
  return (await database.selectFrom('deployment').select('id').executeTakeFirstOrThrow()).id;
}
