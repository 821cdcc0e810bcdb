import type { Database } from '../database/connect.ts';
import { readResults } from '../database/read-results.ts';
import { readTalliesOf } from '../database/read-tallies.ts';
import { judgeWithout } from '../evaluation/verdict/judge-without.ts';
import {
  countQuarantine,
  type Quarantine,
  type QuarantinedTest,
  type QuarantineList,
  type WithoutTests,
} from '../reports/quarantine.ts';
import type { Summary } from '../reports/summarize.ts';

/** What a quarantine sets aside of a batch; null without one. */
export async function setAside(
  { database, batchId }: { database: Database; batchId: string },
  counts: Summary,
  list: QuarantineList | null,
): Promise<Quarantine | null> {
  if (!list) return null;
  const found = await readTalliesOf(database, batchId, list.tasks);
  const without = await judgeWithoutTests(database, batchId, list);
  return countQuarantine(counts, list.tasks.size, { found, without });
}

// Tests of a task that is set aside as a whole change nothing more.
async function judgeWithoutTests(
  database: Database,
  batchId: string,
  { tasks, tests }: QuarantineList,
): Promise<WithoutTests> {
  const wanted = [...tests].filter(([task]) => !tasks.has(task));
  const counted = new Map(wanted.map(([task, names]) => [task, startCounts(task, names)]));
  const without: WithoutTests = { tests: [...counted.values()].flat(), turned: 0, empty: 0, emptyPassed: 0 };
  if (wanted.length === 0) return without;
  for await (const stored of readResults(database, batchId, [...counted.keys()])) {
    const counts = counted.get(stored.taskId) ?? [];
    for (const count of counts) {
      const told = stored.result.tests.filter(
        ({ name, status }) => name === count.test && status !== 'skipped',
      );
      if (told.length > 0) count.seen += 1;
      if (told.some(({ status }) => status === 'failed' || status === 'error')) count.failed += 1;
    }
    if (stored.outcome !== stored.result.outcome) continue;
    const judged = judgeWithout(stored, tests.get(stored.taskId) ?? []);
    if (judged === 'passes') without.turned += 1;
    if (judged === 'nothing_left') without.empty += 1;
    if (judged === 'nothing_left' && stored.outcome === 'passed') without.emptyPassed += 1;
  }
  return without;
}

function startCounts(task: string, names: Iterable<string>): QuarantinedTest[] {
  return [...names].map((test) => ({ task, test, failed: 0, seen: 0 }));
}
