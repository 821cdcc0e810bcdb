import { setTimeout as delay } from 'node:timers/promises';
import { countRunning, readBatch, type Batch } from '../database/batches.ts';
import type { Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import type { Wake } from '../queue/wake.ts';
import type { Progress } from '../reports/progress.ts';

/** What is watched. */
export interface Watched {
  database: Database;
  wake: Wake;
  batchId: string;
  progress: Progress;
  signal: AbortSignal;
}

/** Wake-ups may be lost, so it looks this often anyway; and never more often than the other. */
const LOOK_EVERY_MS = 1000;
const LOOK_AT_MOST_EVERY_MS = 100;

/** Shows how a batch goes on until it is finished or the signal is given; returns it as it then is. */
export async function watchBatch({ database, wake, batchId, progress, signal }: Watched): Promise<Batch> {
  let ring: (() => void) | undefined;
  const off = wake.on(`batch:${batchId}`, () => ring?.());
  try {
    for (;;) {
      const change = new Promise<void>((resolve) => (ring = resolve));
      const batch = await look(database, batchId, progress);
      if (batch.state === 'finished' || signal.aborted) return batch;
      await pause(LOOK_AT_MOST_EVERY_MS, signal);
      await Promise.race([change, pause(LOOK_EVERY_MS, signal)]);
    }
  } finally {
    off();
  }
}

async function look(database: Database, batchId: string, progress: Progress): Promise<Batch> {
  const batch = await readBatch(database, batchId);
  if (!batch) throw new EvalpoolError('USAGE', 'the batch was removed while it was being evaluated');
  const running = await countRunning(database, batchId);
  const { counts, unreadable, total, state } = batch;
  progress.show({ counts, unreadable, total, running, open: state === 'open' });
  return batch;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
