import pLimit from 'p-limit';
import { openBlobs, type Blobs } from '../blobs/blobs.ts';
import { readBatch } from '../database/batches.ts';
import type { Database } from '../database/connect.ts';
import { readResults, type StoredResult } from '../database/read-results.ts';
import { readTalliesOf } from '../database/read-tallies.ts';
import { EvalpoolError } from '../errors.ts';
import { regrade, type Regraded } from '../evaluation/verdict/regrade.ts';
import type { RuleBook } from '../intake/read-rules.ts';
import { ChangeCounter, type Change, type Changes } from '../reports/regrading/count-changes.ts';
import type { SampleFigures } from '../reports/samples/sample-figures.ts';
import { writeTasks } from '../reports/samples/write-tasks.ts';
import { summarize, type Summary } from '../reports/summarize.ts';
import { writeLineFile, type WriteLine } from '../reports/write-line-file.ts';
import { writeResults, writeSummary } from '../reports/write-results.ts';

// 1. Judges each stored result by its new rules, a few at a time, and writes it as the run did.
// 2. Counts the batch anew: the database keeps the verdicts of the run.

/** What to judge by what, and where the results go. */
export interface RegradeOrder {
  database: Database;
  batchId: string;
  /** Folder of logs and reports. */
  blobs: string;
  rules: RuleBook;
  out: string;
}

/** What a batch comes to by other rules. */
export interface RegradeOutcome extends Summary {
  sandboxSeconds: number;
  costUsd: number;
  samples: SampleFigures | null;
  /** `absent`: tasks that have rules, but are not in the batch. */
  regraded: Changes & { absent: { count: number; first: string[] } };
}

const AT_ONCE = 4;
const WINDOW = 64;
const SHOWN_ABSENT = 5;

/** Judges a batch again; nothing in the database changes. Throws SPEC_INVALID, USAGE. */
export async function regradeBatch(order: RegradeOrder): Promise<RegradeOutcome> {
  const { database, batchId, out } = order;
  const batch = await readBatch(database, batchId);
  if (!batch) throw new EvalpoolError('USAGE', 'the batch was removed meanwhile');
  const counter = new ChangeCounter();
  const blobs = openBlobs(order.blobs);
  let spent = { sandboxSeconds: 0, costUsd: 0 };
  await writeLineFile(out, 'changes.jsonl', async (write) => {
    const results = judgeAll(order, { blobs, counter, write });
    const { sandboxSeconds, costUsd } = await writeResults({ database, blobs, batchId, out, results });
    spent = { sandboxSeconds, costUsd };
  });
  const samples = await writeTasks(
    { database, batchId, out, change: (tally) => counter.tally(tally) },
    undefined,
  );
  const summary = summarize({ ...batch, counts: counter.counts(batch.counts) }, counter.reasons());
  const regraded = { ...counter.changes(), absent: await findAbsent(order) };
  const outcome = { ...summary, ...spent, samples, regraded };
  await writeSummary(out, outcome);
  return outcome;
}

async function* judgeAll(
  { database, batchId, rules }: RegradeOrder,
  to: { blobs: Blobs; counter: ChangeCounter; write: WriteLine },
): AsyncGenerator<StoredResult> {
  const limit = pLimit(AT_ONCE);
  let window: StoredResult[] = [];
  async function* flush(): AsyncGenerator<StoredResult> {
    const judged = await Promise.all(window.map((stored) => limit(() => judgeOne(stored, rules, to.blobs))));
    for (const [at, stored] of window.entries()) yield await tell(stored, judged[at], to);
    window = [];
  }
  for await (const stored of readResults(database, batchId)) {
    window.push(stored);
    if (window.length >= WINDOW) yield* flush();
  }
  yield* flush();
}

async function judgeOne(stored: StoredResult, rules: RuleBook, blobs: Blobs): Promise<Regraded> {
  // In a cancelled batch a result may be stored that counts no more.
  if (stored.outcome !== stored.result.outcome) return { because: 'no_verdict' };
  try {
    return await regrade(stored, rules.change(stored.spec), blobs);
  } catch (error) {
    if (error instanceof EvalpoolError && error.code === 'SPEC_INVALID')
      throw new EvalpoolError('SPEC_INVALID', `${stored.taskId}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function tell(
  stored: StoredResult,
  judged: Regraded | undefined,
  { counter, write }: { counter: ChangeCounter; write: WriteLine },
): Promise<StoredResult> {
  if (!judged || 'because' in judged) {
    counter.keep(stored, judged?.because ?? 'no_verdict');
    return stored;
  }
  const { outcome, reason } = judged.result;
  const after = { ...stored, outcome, reason, result: judged.result };
  const change: Change | null = counter.judge(stored, after, judged.fromLog);
  if (change) await write(change);
  return after;
}

async function findAbsent({
  database,
  batchId,
  rules,
}: RegradeOrder): Promise<{ count: number; first: string[] }> {
  const found = new Set((await readTalliesOf(database, batchId, rules.tasks)).map(({ task }) => task));
  const absent = [...rules.tasks].filter((task) => !found.has(task));
  return { count: absent.length, first: absent.slice(0, SHOWN_ABSENT) };
}
