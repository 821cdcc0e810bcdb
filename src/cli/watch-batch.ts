import { countRunning, readBatch, type Batch } from '../database/batches.ts';
import { isBudgetSpent } from '../database/change-shares.ts';
import type { Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import { Bell } from '../pacing.ts';
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

/** Shows how a batch goes on until it is finished, has spent its budget or the signal is given; returns it as it then is. */
export async function watchBatch({ database, wake, batchId, progress, signal }: Watched): Promise<Batch> {
  const bell = new Bell();
  const hurry = new Bell();
  const off = wake.on(`batch:${batchId}`, () => bell.ring());
  const stop = (): void => [bell, hurry].forEach((one) => one.ring());
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const batch = await look(database, batchId, progress);
      if (batch.state === 'finished' || signal.aborted) return batch;
      if (batch.state === 'sealed' && (await isBudgetSpent(database, batchId))) return batch;
      await hurry.wait(LOOK_AT_MOST_EVERY_MS);
      await bell.wait(LOOK_EVERY_MS);
    }
  } finally {
    signal.removeEventListener('abort', stop);
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
