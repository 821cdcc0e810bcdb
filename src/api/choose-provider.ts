import { readProviderStatus } from '../database/read-status.ts';
import { EvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import type { ApiContext } from './open-api.ts';

/** The provider of a new batch: the one named, else the deployment's. Throws USAGE for one that no process has made known. */
export async function providerOf(
  { database, provider: byDefault }: Pick<ApiContext, 'database' | 'provider'>,
  named: string | undefined,
): Promise<string> {
  const names = (await readProviderStatus(database)).map(({ name }) => name);
  const provider = named ?? byDefault;
  if (provider !== undefined && names.includes(provider)) return provider;
  const found = provider === undefined ? 'nothing' : `'${harmlessLine(provider, 60)}'`;
  throw new EvalpoolError('USAGE', `provider: expected one of ${names.join(', ')}, there was ${found}`);
}
