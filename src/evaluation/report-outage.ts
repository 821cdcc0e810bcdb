import type { Database } from '../database/connect.ts';
import type { EvalpoolError } from '../errors.ts';
import { isConcurrencyLimit } from '../sandbox/blame.ts';
import { noteFull, noteOutage, noteTooOften } from '../slots/provider-health.ts';

/** Tells every evaluator, through the provider's row, what a failure says of it. True: it met everybody. */
export async function reportOutage(
  database: Database,
  provider: string,
  error: EvalpoolError,
): Promise<boolean> {
  if (!error.kind.outage) return false;
  if (error.code === 'STORE_FAILED') return true;
  if (error.code === 'PROVIDER_BUSY') {
    await (isConcurrencyLimit(error) ? noteFull(database, provider) : noteTooOften(database, provider));
    return true;
  }
  return !(await noteOutage(database, provider, `${error.code}: ${error.message}`));
}
