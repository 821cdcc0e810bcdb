import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { readBatch } from '../database/batches.ts';
import { readTallies } from '../database/read-tallies.ts';
import { EvalpoolError } from '../errors.ts';
import { openInput } from '../intake/open-input.ts';
import { readLines } from '../intake/read-lines.ts';
import { tallyResults, type ComparedRun } from '../reports/comparison/tally-results.ts';
import { batchNamed, withDatabase, type OpenDatabase } from './use-database.ts';

/**
 * The two runs: each a results folder, a results.jsonl, or else the name of a batch, for which the database is opened.
 * Throws USAGE, INPUT_UNREADABLE.
 */
export async function readCompared(config: () => Config, names: [string, string]): Promise<ComparedRun[]> {
  const paths = await Promise.all(names.map(findResults));
  const runs: ComparedRun[] = [];
  const readAll = async (open?: OpenDatabase): Promise<void> => {
    for (const [at, name] of names.entries()) {
      const path = paths[at];
      if (path !== undefined) runs.push(await readFolder(path, name));
      else if (open) runs.push(await readStored(open, name));
    }
  };
  if (paths.includes(undefined)) await withDatabase(config(), readAll);
  else await readAll();
  return runs;
}

/** Throws USAGE unless both are names of batches: results hold no specs. */
export async function refuseFolders(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if ((await findResults(name)) === undefined) continue;
    const why = 'is a path, and results hold no specs to evaluate again: name two batches that are stored';
    throw new EvalpoolError('USAGE', `--rerun-flips: ${name} ${why}`);
  }
}

async function findResults(name: string): Promise<string | undefined> {
  const found = await stat(name).catch(() => undefined);
  if (found) return found.isDirectory() ? join(name, 'results.jsonl') : name;
  // A batch's name holds no slash: what does is a path, and reading it will say what is wrong.
  return name.includes('/') ? name : undefined;
}

async function readFolder(path: string, name: string): Promise<ComparedRun> {
  const [input] = await openInput(path);
  const run = await tallyResults(path, readLines(input?.open() ?? emptyStream()));
  return { ...run, name, total: Math.max(run.total, await readTotal(path)) };
}

async function* emptyStream(): AsyncGenerator<Buffer> {}

// An interrupted run has evaluations without a line: only its summary knows how many.
async function readTotal(path: string): Promise<number> {
  if (basename(path) !== 'results.jsonl') return 0;
  const text = await readFile(join(dirname(resolve(path)), 'summary.json'), 'utf8').catch(() => '{}');
  const summary: unknown = JSON.parse(text);
  const total = typeof summary === 'object' && summary && 'total' in summary ? summary.total : 0;
  return typeof total === 'number' ? total : 0;
}

async function readStored({ database }: OpenDatabase, name: string): Promise<ComparedRun> {
  const batchId = await batchNamed(database, name);
  const batch = await readBatch(database, batchId);
  const run: ComparedRun = { name, tasks: new Map(), total: batch ? batch.total + batch.unreadable : 0 };
  for await (const tally of readTallies(database, batchId)) run.tasks.set(tally.task, tally);
  return run;
}
