import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Blobs } from '../blobs/blobs.ts';
import type { Database } from '../database/connect.ts';
import { readResults, readUnreadable, type StoredResult } from '../database/read-results.ts';
import { addHighlight, noHighlights, type Highlights } from './highlights.ts';
import { logFolder } from './log-folder.ts';
import { resultLine } from './result-line.ts';
import { cannotWrite, writeLineFile, type WriteLine } from './write-line-file.ts';

// 1. Writes a line to results.jsonl for each evaluation that has a result, and for each line that was no spec.
// 2. Copies the logs out of the blob store to logs/<id>-<sample>/<stage>.log.
// 3. Notes what people are shown at the end.

/** Where results are read from and written to. */
export interface ResultsPlace {
  database: Database;
  blobs: Blobs;
  batchId: string;
  out: string;
  /** What is written; default: the stored results. */
  results?: AsyncIterable<StoredResult>;
}

const AT_ONCE = 8;
const WINDOW = 64;

/** Writes results.jsonl and the logs of a batch. Throws USAGE when `out` cannot be written. */
export async function writeResults(place: ResultsPlace): Promise<Highlights> {
  const highlights = noHighlights();
  await writeLineFile(place.out, 'results.jsonl', (write) => writeLines(place, write, highlights));
  return highlights;
}

/** Writes summary.json. Throws USAGE when `out` cannot be written. */
export async function writeSummary(out: string, summary: object): Promise<void> {
  try {
    await writeFile(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  } catch (error) {
    throw cannotWrite(out, error);
  }
}

async function writeLines(place: ResultsPlace, write: WriteLine, highlights: Highlights): Promise<void> {
  const limit = pLimit(AT_ONCE);
  let window: StoredResult[] = [];
  const flush = async (): Promise<void> => {
    const logs = await Promise.all(window.map((result) => limit(() => copyLogs(place, result))));
    for (const [at, result] of window.entries()) {
      addHighlight(highlights, result, logs[at] ?? {});
      await write(resultLine(result, logs[at] ?? {}));
    }
    window = [];
  };
  for await (const result of place.results ?? readResults(place.database, place.batchId)) {
    window.push(result);
    if (window.length >= WINDOW) await flush();
  }
  await flush();
  for (const { source, message } of await readUnreadable(place.database, place.batchId)) {
    await write({ id: null, source, outcome: 'invalid', reason: 'unreadable', message });
  }
}

async function copyLogs(place: ResultsPlace, stored: StoredResult): Promise<Record<string, string>> {
  const folder = join('logs', logFolder(stored.taskId, stored.sample));
  const paths: Record<string, string> = {};
  // What an earlier run wrote there may be of another attempt.
  await rm(join(place.out, folder), { recursive: true, force: true });
  for (const { stage, blob } of stored.result.logs) {
    const bytes = await place.blobs.read(blob);
    if (bytes === null) continue;
    await mkdir(join(place.out, folder), { recursive: true });
    const path = join(folder, `${stage}.log`);
    await writeFile(join(place.out, path), bytes);
    paths[stage] = path;
  }
  return paths;
}
