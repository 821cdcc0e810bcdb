import type { Config, ProviderConfig } from '../config.ts';
import { findBatch } from '../database/batches.ts';
import { connectDatabase, migrate, type Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import { useStack, type Stack } from '../local/use-stack.ts';
import { makeLog, type Log } from '../log.ts';
import { openWake, type Wake } from '../queue/wake.ts';

/** The stack's database and wake-ups, for one command. */
export interface OpenDatabase {
  stack: Stack;
  database: Database;
  wake: Wake;
  log: Log;
}

/** Runs the work of a command on the stack's database and gives everything back. */
export async function withDatabase(
  config: Config,
  work: (open: OpenDatabase) => Promise<void>,
): Promise<void> {
  const log = makeLog('cli', config.logLevel === 'info' ? 'warn' : config.logLevel);
  const stack = await useStack(config, { log });
  const database = connectDatabase(stack.databaseUrl, log, 2);
  const wake = openWake(stack.redisUrl);
  try {
    await migrate(database);
    await work({ stack, database, wake, log });
  } finally {
    wake.close();
    await database.destroy();
    await stack.leave();
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
  const { apiUrl, sandboxUrl, apiKey } = provider;
  return {
    ...config.provider,
    apiUrl: apiUrl ?? undefined,
    sandboxUrl: sandboxUrl ?? undefined,
    apiKey: apiKey ?? undefined,
  };
}
