import { hasKeys } from '../database/api-keys.ts';
import type { Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import type { Api } from './open-api.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** Begins to listen; the URL. Throws USAGE where others could reach it and no key exists that could be asked of them. */
export async function listenWithKeys(
  api: Api,
  database: Database,
  at: { host: string; port: number },
): Promise<string> {
  if (!LOOPBACK.has(at.host) && !(await hasKeys(database))) {
    const message = `EVALPOOL_API_HOST=${at.host} can be reached from other machines, and there is no key yet: \`evalpool keys create\` makes one`;
    throw new EvalpoolError('USAGE', message);
  }
  return api.listen(at);
}
