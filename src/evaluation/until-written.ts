import { setTimeout as delay } from 'node:timers/promises';
import type { OwnLease } from '../database/own-lease.ts';
import { isRefusedData } from '../database/what-failed.ts';
import type { Log } from '../log.ts';
import { backOffMs } from './next-step.ts';

/**
 * Repeats a fenced write until the database has answered it or this process's right to it is gone (then undefined). While that
 * right is in doubt nothing is sent; a commit in doubt is repeated: the fence makes that safe. Throws what the database says of
 * data that it will never take.
 */
export async function untilWritten<T>(
  { lease, log }: { lease: OwnLease; log: Log },
  what: string,
  write: () => Promise<T>,
): Promise<T | undefined> {
  for (let failures = 0; !lease.lost.aborted; failures++) {
    try {
      if (lease.held()) return await write();
      log.debug(`${what} waits for a heartbeat`);
    } catch (error) {
      if (isRefusedData(error)) throw error;
      log.warn({ err: error }, `${what} could not be written; it is tried again`);
    }
    await delay(backOffMs(Math.min(failures, 3)));
  }
  return undefined;
}
