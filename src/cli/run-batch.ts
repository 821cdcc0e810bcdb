import { join } from 'node:path';
import { openBlobs } from '../blobs/blobs.ts';
import type { BatchChanges } from '../database/change-shares.ts';
import { pauseBatch, sealBatch, type Batch } from '../database/batches.ts';
import { throughOutage } from '../database/through-outage.ts';
import { countReasons } from '../database/read-results.ts';
import { readGold } from '../database/read-gold.ts';
import { EvalpoolError } from '../errors.ts';
import { acceptFrom, type Acceptance } from '../intake/accept.ts';
import type { Item } from '../intake/read-specs.ts';
import type { Stack } from '../local/use-stack.ts';
import type { Log } from '../log.ts';
import { writeGold, type Gold } from '../reports/gold.ts';
import type { Highlights } from '../reports/highlights.ts';
import type { Progress } from '../reports/progress.ts';
import type { Quarantine, QuarantineList } from '../reports/quarantine.ts';
import type { SampleFigures } from '../reports/samples/sample-figures.ts';
import { writeTasks } from '../reports/samples/write-tasks.ts';
import { summarize, type Summary } from '../reports/summarize.ts';
import { writeResults, writeSummary } from '../reports/write-results.ts';
import { openRun, type OpenRun } from './open-run.ts';
import type { RunMetrics } from './run-metrics.ts';
import { setAside } from './set-aside.ts';
import { showProblems } from './show-problems.ts';
import { untilAborted } from './until-aborted.ts';
import { readAgain, watchBatch } from './watch-batch.ts';

// 1. Starts the stack once there is something to accept; what is accepted runs while the rest is being read.
// 2. Waits for the batch's end, or for the wish to stop; then it is paused and can be gone on with.
// 3. Writes results, logs and summary, whichever of the two it was.

/** What a run needs. */
export interface RunOrder {
  start: () => Promise<Stack>;
  log: Log;
  name: string;
  /** Its share, cap and budget. */
  shares: BatchChanges;
  out: string;
  /** Which pass@k to tell; unless given, the usual ones of a batch with several samples per task. */
  passAt: readonly number[] | undefined;
  /** Tasks and tests that are set aside; null without a quarantine. */
  quarantine: QuarantineList | null;
  /** The submissions are the tasks' own solutions. */
  gold: boolean;
  items: AsyncIterable<Item>;
  progress: Progress;
  metrics: RunMetrics;
  signal: AbortSignal;
}

/** What a run's summary tells beside its counts. */
interface Figures {
  sandboxSeconds: number;
  costUsd: number;
  samples: SampleFigures | null;
  quarantine: Quarantine | null;
  gold: Gold | null;
}

/** What a run comes to. */
export interface RunOutcome {
  summary: Summary & Figures;
  highlights: Highlights;
  /** Stopped before its end, by a signal or by its budget. */
  interrupted: boolean;
  budgetSpent: boolean;
}

/** Evaluates a batch. Throws SPEC_INVALID when there is no valid spec at all. */
export async function runBatch(order: RunOrder): Promise<RunOutcome> {
  const ending = new AbortController();
  const signal = AbortSignal.any([order.signal, ending.signal]);
  const under: { run?: OpenRun; watch?: Promise<Batch> } = {};
  try {
    const told = await acceptFrom(
      untilAborted(order.signal, order.items),
      async () => {
        under.run = await openRun(order.start, order, order.log);
        order.metrics.follow(under.run.database);
        under.watch = watchBatch({ ...under.run, progress: order.progress, signal });
        under.watch.catch(() => undefined);
        return under.run;
      },
      () => under.run?.wake.send('dispatch'),
    );
    for (const line of showProblems(told.problems, told.unreadable)) order.progress.say(line);
    if (!under.run || told.accepted + told.known === 0) throw nothingToDo(told, order.signal);
    await settle(under.run, under.watch, order);
    const { run } = under;
    const outcome = await throughOutage(run.over, () => conclude(run, order));
    await order.metrics.deliver((line) => order.progress.say(line));
    return outcome;
  } catch (error) {
    // Others may share the stack, and would go on with what nobody waits for.
    if (under.run) await pauseBatch(under.run.database, under.run.batchId, true).catch(() => undefined);
    throw error;
  } finally {
    ending.abort();
    await under.watch?.catch(() => undefined);
    order.progress.end();
    await under.run?.close();
  }
}

async function settle(run: OpenRun, watch: Promise<Batch> | undefined, order: RunOrder): Promise<void> {
  if (!order.signal.aborted) await throughOutage(run.over, () => sealBatch(run.database, run.batchId));
  run.wake.send('dispatch');
  const failed = run.stack.failed.then((error) => {
    throw error;
  });
  await Promise.race([watch, failed]);
}

function nothingToDo(told: Acceptance, signal: AbortSignal): EvalpoolError {
  if (signal.aborted) return new EvalpoolError('USAGE', 'interrupted before anything was accepted');
  const why =
    told.unreadable > 0 ? `none of ${told.unreadable} lines is a valid spec` : 'there is no spec to evaluate';
  return new EvalpoolError('SPEC_INVALID', why);
}

async function conclude(run: OpenRun, order: RunOrder): Promise<RunOutcome> {
  const { database, batchId } = run;
  const interrupted = (await readAgain(run)).state !== 'finished';
  // One that has spent its budget stands still by itself.
  if (interrupted && order.signal.aborted) await pauseBatch(database, batchId, true);
  order.progress.end();
  const blobs = openBlobs(run.stack.blobs);
  const highlights = await writeResults({ database, batchId, out: order.out, blobs });
  const samples = await writeTasks({ database, batchId, out: order.out }, order.passAt);
  const { sandboxSeconds, costUsd } = highlights;
  const reasons = await countReasons(database, batchId);
  const counts = summarize(await readAgain(run), reasons);
  const quarantine = await setAside(run, counts, order.quarantine);
  const gold = order.gold ? await judgeTasks(run, order) : null;
  const summary = { ...counts, sandboxSeconds, costUsd, samples, quarantine, gold };
  await writeSummary(order.out, { ...summary, interrupted, results: join(order.out, 'results.jsonl') });
  const budgetSpent = interrupted && !order.signal.aborted;
  return { summary, highlights, interrupted, budgetSpent };
}

async function judgeTasks({ database, batchId }: OpenRun, { quarantine, out }: RunOrder): Promise<Gold> {
  return writeGold(await readGold(database, batchId), quarantine?.tasks ?? new Set(), out);
}
