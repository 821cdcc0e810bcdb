import { openBatch } from '../database/batches.ts';
import { changeBatch, type BatchChanges } from '../database/change-shares.ts';
import { connectDatabase, migrate, type Database } from '../database/connect.ts';
import { throughOutage } from '../database/through-outage.ts';
import type { Stack } from '../local/use-stack.ts';
import type { Log } from '../log.ts';
import { openWake, type Wake } from '../queue/wake.ts';

/** A batch on a stack that we hold a lease on. */
export interface OpenRun {
  stack: Stack;
  database: Database;
  wake: Wake;
  batchId: string;
  /** Aborted, with the stack's own error as the reason, once nothing more will come of it. */
  over: AbortSignal;
  /** Gives everything back; with the last lease the stack ends. */
  close(): Promise<void>;
}

const CONNECTIONS = 4;

/** Opens the batch of that name on the stack. Whatever fails, the stack is left. */
export async function openRun(
  start: () => Promise<Stack>,
  wanted: { name: string; shares: BatchChanges },
  log: Log,
): Promise<OpenRun> {
  const stack = await start();
  const database = connectDatabase(stack.databaseUrl, log, CONNECTIONS);
  const wake = openWake(stack.redisUrl);
  const close = async (): Promise<void> => {
    wake.close();
    await database.destroy();
    await stack.leave();
  };
  const ending = new AbortController();
  void stack.failed.then((error) => ending.abort(error));
  const over = ending.signal;
  try {
    const batchId = await throughOutage(over, async () => {
      await migrate(database);
      const { id } = await openBatch(database, wanted.name, stack.provider.name);
      await changeBatch(database, id, wanted.shares);
      return id;
    });
    return { stack, database, wake, batchId, over, close };
  } catch (error) {
    await close();
    throw error;
  }
}
