import type { Database } from '../../database/connect.ts';
import { readMostSamples, readTallies, type TaskTally } from '../../database/read-tallies.ts';
import { passAtK } from '../statistics/pass-at-k.ts';
import { writeLineFile } from '../write-line-file.ts';
import { countSamples, usualPassAt, type SampleFigures } from './sample-figures.ts';

/** Where tasks are read from and written to. */
export interface TasksPlace {
  database: Database;
  batchId: string;
  out: string;
  /** What becomes of each; default: it is written as it is stored. */
  change?: (tally: TaskTally) => TaskTally;
}

/**
 * Writes tasks.jsonl, a line for each task, and says what the samples come to; null, and no file, for a batch with one
 * sample per task unless pass@k is asked for. Throws USAGE when `out` cannot be written.
 */
export async function writeTasks(
  { database, batchId, out, change = (tally) => tally }: TasksPlace,
  passAt: readonly number[] | undefined,
): Promise<SampleFigures | null> {
  const most = await readMostSamples(database, batchId);
  if (most < 2 && passAt === undefined) return null;
  const ks = passAt ?? usualPassAt(most);
  const counter = countSamples(ks);
  await writeLineFile(out, 'tasks.jsonl', async (write) => {
    for await (const stored of readTallies(database, batchId)) {
      const tally = change(stored);
      counter.add(tally);
      await write(taskLine(tally, ks));
    }
  });
  return counter.figures();
}

function taskLine({ task, passed, graded, samples }: TaskTally, ks: readonly number[]): object {
  const passAt = ks.map((k) => [k, graded >= k ? passAtK(graded, passed, k) : null]);
  return { id: task, passed, graded, samples, passAt: Object.fromEntries(passAt) };
}
