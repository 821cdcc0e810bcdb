import { join } from 'node:path';
import type { Config } from '../config.ts';
import { readBatch } from '../database/batches.ts';
import { readGradedSpecs, type GradedSpec } from '../database/read-graded-specs.ts';
import { readTalliesBetween, type TaskTally } from '../database/read-tallies.ts';
import { EvalpoolError } from '../errors.ts';
import type { Item } from '../intake/read-specs.ts';
import type { Fresh } from '../reports/comparison/confirm-flips.ts';
import type { Flip } from '../reports/comparison/flips.ts';
import { openProgress } from '../reports/progress.ts';
import { cliLog } from './cli-log.ts';
import { listenForInterrupts } from './interrupts.ts';
import { runBatch } from './run-batch.ts';
import { openRunMetrics } from './run-metrics.ts';
import { startStack } from './start-stack.ts';
import { batchNamed, withDatabase } from './use-database.ts';

// 1. Takes the specs of the flips out of both batches.
// 2. Evaluates them as a small batch of its own: samples 0 to N − 1 are A's, N to 2N − 1 are B's.
// 3. Reads how each side came out.

/** Which flips of which batches, and how often each side of each is evaluated. */
export interface RerunOrder {
  names: readonly [string, string];
  flips: readonly Flip[];
  times: number;
}

interface Sides {
  provider: string;
  a: Map<string, GradedSpec[]>;
  b: Map<string, GradedSpec[]>;
}

/** Evaluates flips again, at B's provider. Throws USAGE when interrupted, and what a run throws. */
export async function rerunFlips(
  config: (provider?: string) => Config,
  order: RerunOrder,
): Promise<{ batch: string; fresh: Fresh }> {
  const sides = await readSides(config(), order);
  const settings = config(sides.provider);
  const batch = `${order.names[1].slice(0, 70)}-flips-${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 17)}`;
  await evaluateBoth(settings, batch, makeItems(sides, order));
  const fresh = { a: new Map<string, TaskTally>(), b: new Map<string, TaskTally>() };
  const { times } = order;
  await withDatabase(settings, async ({ database }) => {
    const batchId = await batchNamed(database, batch);
    const read = async (from: number, into: Map<string, TaskTally>): Promise<void> => {
      const tallies = await readTalliesBetween(database, batchId, { from, below: from + times });
      for (const tally of tallies) into.set(tally.task, tally);
    };
    await read(0, fresh.a);
    await read(times, fresh.b);
  });
  return { batch, fresh };
}

async function readSides(config: Config, { names, flips }: RerunOrder): Promise<Sides> {
  const sides: Sides = { provider: '', a: new Map(), b: new Map() };
  const tasks = flips.map(({ task }) => task);
  await withDatabase(config, async ({ database }) => {
    for (const [at, into] of [sides.a, sides.b].entries()) {
      const batchId = await batchNamed(database, names[at] ?? '');
      for (const graded of await readGradedSpecs(database, batchId, tasks))
        into.set(graded.task, [...(into.get(graded.task) ?? []), graded]);
      sides.provider = (await readBatch(database, batchId))?.provider ?? '';
    }
  });
  return sides;
}

async function* makeItems({ a, b }: Sides, { flips, times }: RerunOrder): AsyncGenerator<Item> {
  for (const { task } of flips) {
    for (let number = 0; number < times; number += 1) {
      yield makeItem(a.get(task), { number, sample: number, side: 'A' });
      yield makeItem(b.get(task), { number, sample: times + number, side: 'B' });
    }
  }
}

// Samples of a task take turns. The content hash stays, so that the flake ledger knows them as the same spec.
function makeItem(
  graded: readonly GradedSpec[] = [],
  { number, sample, side }: { number: number; sample: number; side: string },
): Item {
  const chosen = graded[number % graded.length];
  if (!chosen) throw new EvalpoolError('USAGE', 'a batch was changed while it was compared');
  const { spec, contentHash, source } = chosen;
  const labels = { ...spec.labels, side };
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  return { candidate: { spec: { ...spec, sample, labels }, contentHash, source }, bytes };
}

async function evaluateBoth(config: Config, name: string, items: AsyncIterable<Item>): Promise<void> {
  const progress = openProgress(process.stderr);
  const interrupts = listenForInterrupts(() => progress.say('stopping (once more: at once)'));
  const metrics = await openRunMetrics({}, (line) => progress.say(line));
  try {
    const { interrupted } = await runBatch({
      start: () => startStack(config, {}, progress),
      log: cliLog(config),
      name,
      shares: {},
      out: join('results', name),
      passAt: undefined,
      quarantine: null,
      gold: false,
      items,
      progress,
      metrics,
      signal: interrupts.signal,
    });
    if (interrupted)
      throw new EvalpoolError('USAGE', `interrupted: the flips of ${name} are not all evaluated`);
  } finally {
    interrupts.release();
    await metrics.close();
  }
}
