import type { TaskTally } from '../../database/read-tallies.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { passAtK } from '../statistics/pass-at-k.ts';
import type { Interval } from '../statistics/wilson.ts';

/** Pass@k over tasks. Rates are 0 to 1; null where no task has `k` graded samples. */
export interface PassAt {
  k: number;
  rate: number | null;
  /** Bootstrap over tasks; null for fewer than two. */
  interval: Interval | null;
  /** Tasks in it. */
  tasks: number;
  /** Tasks with fewer than `k` graded samples: left out, never counted as failed. */
  short: number;
}

/** What is said of a batch with several samples per task. */
export interface SampleFigures {
  tasks: number;
  /** Samples of the task that has most. */
  most: number;
  /** Tasks without any graded sample. */
  ungraded: number;
  /** Tasks of whose graded samples some passed and some did not. */
  mixed: number;
  /** The first of the mixed ones. */
  firstMixed: TaskTally[];
  passAt: PassAt[];
}

/** Takes in one task after the other. */
export interface SampleCounter {
  add(tally: TaskTally): void;
  figures(): SampleFigures;
}

const SHOWN = 10;
/** What is told unless other ones are asked for, as far as there are samples. */
const USUAL = [1, 5, 10, 100];

/** Which pass@k to tell where no task has more than `most` samples. */
export function usualPassAt(most: number): number[] {
  return USUAL.filter((k) => k <= most);
}

/** Counts tasks for pass@k of each `k`; keeps one number per task and `k`. */
export function countSamples(ks: readonly number[]): SampleCounter {
  const seen = { tasks: 0, most: 0, ungraded: 0, mixed: 0 };
  const firstMixed: TaskTally[] = [];
  const columns = ks.map((k) => ({ k, values: [] as number[] }));
  return {
    add(tally) {
      const { passed, graded, samples } = tally;
      seen.tasks += 1;
      seen.most = Math.max(seen.most, samples);
      if (graded === 0) seen.ungraded += 1;
      if (isMixed(tally)) {
        seen.mixed += 1;
        if (firstMixed.length < SHOWN) firstMixed.push(tally);
      }
      for (const { k, values } of columns) if (graded >= k) values.push(passAtK(graded, passed, k));
    },
    figures: () => ({
      ...seen,
      firstMixed,
      passAt: columns.map(({ k, values }) => passAtOf(k, values, seen.tasks)),
    }),
  };
}

/** True if a task's graded samples disagree. */
export function isMixed({ passed, graded }: Pick<TaskTally, 'passed' | 'graded'>): boolean {
  return passed > 0 && passed < graded;
}

function passAtOf(k: number, values: readonly number[], tasks: number): PassAt {
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    k,
    rate: values.length === 0 ? null : sum / values.length,
    interval: bootstrapInterval(values),
    tasks: values.length,
    short: tasks - values.length,
  };
}
