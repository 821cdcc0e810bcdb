import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../database/connect.ts';
import {
  readDatabaseSize,
  readLedgerCounts,
  readNewestBatches,
  readOldestWaiting,
} from '../database/read-figures.ts';
import { readBatchStatus, readProviderStatus } from '../database/read-status.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { QueueReader } from '../queue/read-queues.ts';
import { BatchPlaces, exportBatches, PLACES } from './export-batches.ts';
import { exportProvider } from './export-provider.ts';
import { exportTenants } from './export-tenants.ts';

/** A scrape waits so long for them, ms; then it goes without. */
const LONGEST_MS = 3000;

/** What the figures are taken from, and where they go. */
export interface FiguresContext {
  database: Database;
  queues: QueueReader;
  metrics: Metrics;
  log: Log;
  /** Whether this dispatcher leads now. */
  leads: () => boolean;
}

/**
 * Exports what is true of the whole deployment, looked up at each scrape, as long as this dispatcher leads: so it is exported
 * once. What cannot be looked up is not exported: an alert sees that it is missing.
 */
export function exportFigures(context: FiguresContext): void {
  const { metrics, leads, log } = context;
  const places = new BatchPlaces();
  let taking: Promise<void> | undefined;
  const take = async (): Promise<void> => {
    try {
      await takeFigures(context, places);
    } catch (error) {
      metrics.forget('leader');
      log.warn({ err: error }, 'the figures of the deployment could not be taken');
    } finally {
      taking = undefined;
    }
  };
  metrics.beforeScrape(async () => {
    if (leads()) taking ??= take();
    await Promise.race([taking, delay(LONGEST_MS, undefined, { ref: false })]);
    if (taking || !leads()) metrics.forget('leader');
  });
}

async function takeFigures(context: FiguresContext, places: BatchPlaces): Promise<void> {
  const { database, metrics } = context;
  const [providers, ledger, batches, oldest, newest, size] = await Promise.all([
    readProviderStatus(database),
    readLedgerCounts(database),
    readBatchStatus(database),
    readOldestWaiting(database),
    readNewestBatches(database, PLACES),
    readDatabaseSize(database),
  ]);
  for (const provider of providers) exportProvider(metrics, provider, { ledger, batches, oldest });
  exportTenants(metrics, batches);
  exportBatches(metrics, places, newest);
  metrics.databaseSize.set(size);
  const names = providers.map(({ name }) => name);
  await exportRedis(context, names);
}

// While Redis is away its figures are missing, and no others.
async function exportRedis({ queues, metrics, log }: FiguresContext, providers: string[]): Promise<void> {
  try {
    const [memory, counts] = await Promise.all([queues.readMemory(), queues.readCounts(providers)]);
    metrics.redisMemory.set(memory);
    for (const { queue, counts: byState } of counts)
      for (const [state, count] of Object.entries(byState)) metrics.queueJobs.set({ queue, state }, count);
  } catch (error) {
    metrics.redisMemory.remove();
    metrics.queueJobs.reset();
    log.warn({ err: error }, 'Redis could not be looked at');
  }
}
