import type { Database } from '../database/connect.ts';
import { readProviderStatus } from '../database/read-status.ts';
import { EvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import { readProvider } from '../slots/tiers.ts';

/** The provider that a new batch is to use. Throws USAGE for none, or one that no process has made known, and says which there are. */
export async function knownProvider(database: Database, provider: string | undefined): Promise<string> {
  if (provider !== undefined && (await readProvider(database, provider))) return provider;
  const names = (await readProviderStatus(database)).map(({ name }) => name).join(', ');
  const found = provider === undefined ? 'nothing' : `'${harmlessLine(provider, 60)}'`;
  throw new EvalpoolError('USAGE', `provider: expected one of ${names}, there was ${found}`);
}
