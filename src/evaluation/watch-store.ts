import type { Blobs } from '../blobs/blobs.ts';
import type { Log } from '../log.ts';
import { repeat, type Loop } from '../pacing.ts';

/** How often it is tried whether logs can be written again, ms. */
const TRY_EVERY_MS = 1000;
/** What is written to try, so that a disk with a few bytes left does not count as well. */
const TRIAL_BYTES = 4 * 1024 * 1024;

/** The queue of a process, to be left alone and taken up again. */
interface Pausable {
  pause(): void;
  resume(): void;
}

/** Whether this process can keep what its evaluations leave. */
export interface StoreWatch {
  /** Logs or artifacts could not be written: nothing new is begun until they can, for it would cost a sandbox for nothing. */
  failed(): void;
  stop(): Promise<void>;
}

/** Pauses this process's queue while its logs cannot be written; other machines go on with it meanwhile. */
export function watchStore({ blobs, queue, log }: { blobs: Blobs; queue: Pausable; log: Log }): StoreWatch {
  const key = `trial/${process.pid}/bytes`;
  let trying: Loop | undefined;
  const tryOnce = async (): Promise<void> => {
    try {
      await blobs.put(key, Buffer.alloc(TRIAL_BYTES));
    } finally {
      await blobs.remove(key);
    }
    void trying?.stop();
    trying = undefined;
    log.info('logs can be written again: this process takes up its work');
    queue.resume();
  };
  return {
    failed: () => {
      if (trying) return;
      log.warn('logs cannot be written: this process begins nothing new until they can');
      queue.pause();
      trying = repeat(tryOnce, { ms: TRY_EVERY_MS }, () => {});
    },
    stop: async () => trying?.stop(),
  };
}
