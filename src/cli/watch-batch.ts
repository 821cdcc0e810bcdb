import { countRunning, readBatch, type Batch } from '../database/batches.ts';
import { isBudgetSpent } from '../database/change-shares.ts';
import type { Database } from '../database/connect.ts';
import { throughOutage } from '../database/through-outage.ts';
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
  /** Aborted once the database will not come back. */
  over: AbortSignal;
}

/** Wake-ups may be lost, so it looks this often anyway; and never more often than the other. */
const LOOK_EVERY_MS = 1000;
const LOOK_AT_MOST_EVERY_MS = 100;

/**
 * Shows how a batch goes on until it is finished, has spent its budget or the signal is given; returns it as it then is. A
 * database that is away for a while is waited for.
 */
export async function watchBatch(watched: Watched): Promise<Batch> {
  const { database, wake, batchId, signal, over } = watched;
  const bell = new Bell();
  const hurry = new Bell();
  const off = wake.on(`batch:${batchId}`, () => bell.ring());
  const stop = (): void => [bell, hurry].forEach((one) => one.ring());
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const { batch, spent } = await throughOutage(over, () => look(database, batchId));
      show(watched.progress, batch);
      if (batch.state === 'finished' || spent || signal.aborted) return batch;
      await hurry.wait(LOOK_AT_MOST_EVERY_MS);
      await bell.wait(LOOK_EVERY_MS);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    off();
  }
}

/** The batch as it is now. Throws USAGE if it was removed meanwhile. */
export async function readAgain({
  database,
  batchId,
}: Pick<Watched, 'database' | 'batchId'>): Promise<Batch> {
  const batch = await readBatch(database, batchId);
  if (!batch) throw new EvalpoolError('USAGE', 'the batch was removed while it was being evaluated');
  return batch;
}

type Seen = Batch & { running: number };

async function look(database: Database, batchId: string): Promise<{ batch: Seen; spent: boolean }> {
  const batch = await readAgain({ database, batchId });
  const running = await countRunning(database, batchId);
  const spent = batch.state === 'sealed' && (await isBudgetSpent(database, batchId));
  return { batch: { ...batch, running }, spent };
}

function show(progress: Progress, { counts, unreadable, total, running, state }: Seen): void {
  progress.show({ counts, unreadable, total, running, open: state === 'open' });
}
