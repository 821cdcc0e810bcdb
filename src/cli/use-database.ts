import type { Config } from '../config.ts';
import type { ProviderConfig } from '../provider-config.ts';
import { findBatch } from '../database/batches.ts';
import { connectDatabase, migrate, type Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import { useStack, type Stack } from '../local/use-stack.ts';
import type { Log } from '../log.ts';
import { openWake, type Wake } from '../queue/wake.ts';
import { cliLog } from './cli-log.ts';

/** The deployment's database and wake-ups, for one command. */
export interface OpenDatabase {
  database: Database;
  wake: Wake;
  log: Log;
  /** The account that sandboxes come from. */
  provider: ProviderConfig;
  /** Folder of logs and artifacts. */
  blobs: string;
}

/**
 * Runs the work of a command on the deployment's database and gives everything back. Where the settings name Postgres and
 * Redis, nothing is started; else it is the stack of this user, whatever the settings of the run that started it.
 */
export async function withDatabase(
  config: Config,
  work: (open: OpenDatabase) => Promise<void>,
): Promise<void> {
  const log = cliLog(config);
  const { databaseUrl, redisUrl } = config;
  if (databaseUrl && redisUrl)
    return onServices(
      { databaseUrl, redisUrl },
      { log, provider: config.provider, blobs: config.blobs },
      work,
    );
  const stack = await useStack(config, { log, asItIs: true });
  try {
    await onServices(stack, { log, provider: accountOf(stack, config), blobs: stack.blobs }, work);
  } finally {
    await stack.leave();
  }
}

async function onServices(
  at: { databaseUrl: string; redisUrl: string },
  given: Pick<OpenDatabase, 'log' | 'provider' | 'blobs'>,
  work: (open: OpenDatabase) => Promise<void>,
): Promise<void> {
  const database = connectDatabase(at.databaseUrl, given.log, 2);
  const wake = openWake(at.redisUrl);
  try {
    await migrate(database);
    await work({ ...given, database, wake });
  } finally {
    wake.close();
    await database.destroy();
  }
}

/** The id of a batch. Throws USAGE when there is none of that name. */
export async function batchNamed(database: Database, name: string): Promise<string> {
  const id = await findBatch(database, name);
  if (id === undefined)
    throw new EvalpoolError('USAGE', `there is no batch '${name}'; see \`evalpool status\``);
  return id;
}

/** The provider's account: the stack's own where it started the server itself. */
export function accountOf({ provider }: Stack, config: Config): ProviderConfig {
  const { name, apiUrl, sandboxUrl, apiKey } = provider;
  return {
    ...config.provider,
    name,
    apiUrl: apiUrl ?? undefined,
    sandboxUrl: sandboxUrl ?? undefined,
    apiKey: apiKey ?? undefined,
  };
}
