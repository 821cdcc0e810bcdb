import type { TaskTally } from '../../database/read-tallies.ts';
import { isGraded, noOutcomes, type Outcome } from '../../outcome.ts';
import type { ComparedRun } from '../comparison/tally-results.ts';
import { summarize, type ReasonCount, type Summary } from '../summarize.ts';
import type { ResultRecord, RunFolder } from './run-folder.ts';

/** How the evaluations with one value of a label ended. */
export interface LabelCounts {
  value: string;
  outcomes: Record<Outcome, number>;
}

/** What is told of a whole run. */
export interface RunCounts {
  summary: Summary;
  /** By label's name, in the order in which they were seen; labels with one value only say nothing and are left out. */
  labels: Array<{ name: string; values: LabelCounts[] }>;
  /** Task by task, for the flaky ones and for a comparison. */
  run: ComparedRun;
  sandboxSeconds: number;
  costUsd: number;
  startedAt: string;
  finishedAt: string;
}

// A label may be a number that no two evaluations share: what is above is counted together.
const MOST_LABELS = 20;
const MOST_VALUES = 50;
/** The value under which the values above the limit are counted. */
export const OTHER_VALUES = '(other values)';

type Labels = Map<string, Map<string, Record<Outcome, number>>>;

/** Counts a run; keeps numbers per task. Throws INPUT_UNREADABLE. */
export async function countRun(folder: RunFolder): Promise<RunCounts> {
  const counter = openCounter();
  for await (const record of folder.records()) counter.add(record);
  return counter.counts(folder);
}

function openCounter(): { add(record: ResultRecord): void; counts(folder: RunFolder): RunCounts } {
  const counts = noOutcomes();
  const reasons = new Map<string, ReasonCount>();
  const labels: Labels = new Map();
  const tasks = new Map<string, TaskTally>();
  const sums = { read: 0, unreadable: 0, sandboxSeconds: 0, costUsd: 0, startedAt: '', finishedAt: '' };
  return {
    add(record) {
      const { id, outcome, reason, startedAt, finishedAt } = record;
      if (id === null) return void (sums.unreadable += 1);
      sums.read += 1;
      counts[outcome] += 1;
      addReason(reasons, outcome, reason);
      addLabels(labels, record);
      addToTask(tasks, id, outcome);
      sums.sandboxSeconds += record.sandboxSeconds;
      sums.costUsd += record.costUsd;
      if (startedAt !== '' && (sums.startedAt === '' || startedAt < sums.startedAt))
        sums.startedAt = startedAt;
      if (finishedAt > sums.finishedAt) sums.finishedAt = finishedAt;
    },
    counts({ name, provider, accepted }) {
      const { read, unreadable, ...rest } = sums;
      const total = Math.max(read, accepted);
      const sorted = [...reasons.values()].toSorted((a, b) => b.count - a.count);
      const summary = summarize({ name, provider, counts, total, unreadable }, sorted);
      return { summary, labels: shownLabels(labels), run: { name, tasks, total: summary.total }, ...rest };
    },
  };
}

function addReason(reasons: Map<string, ReasonCount>, outcome: Outcome, reason: string): void {
  const known = reasons.get(`${outcome} ${reason}`) ?? { outcome, reason, count: 0 };
  known.count += 1;
  reasons.set(`${outcome} ${reason}`, known);
}

function addToTask(tasks: Map<string, TaskTally>, task: string, outcome: Outcome): void {
  const tally = tasks.get(task) ?? { task, passed: 0, graded: 0, samples: 0 };
  tally.samples += 1;
  if (isGraded(outcome)) tally.graded += 1;
  if (outcome === 'passed') tally.passed += 1;
  tasks.set(task, tally);
}

function addLabels(labels: Labels, { labels: own, outcome }: ResultRecord): void {
  for (const [name, value] of Object.entries(own)) {
    let values = labels.get(name);
    if (!values && labels.size >= MOST_LABELS) continue;
    if (!values) labels.set(name, (values = new Map()));
    const key = values.has(value) || values.size < MOST_VALUES ? value : OTHER_VALUES;
    const outcomes = values.get(key) ?? noOutcomes();
    outcomes[outcome] += 1;
    values.set(key, outcomes);
  }
}

function shownLabels(labels: Labels): RunCounts['labels'] {
  return [...labels]
    .filter(([, values]) => values.size > 1)
    .map(([name, values]) => ({
      name,
      values: [...values].map(([value, outcomes]) => ({ value, outcomes })),
    }));
}
