import type { TaskTally } from '../database/read-tallies.ts';
import { wilsonInterval, type Interval } from './statistics/wilson.ts';
import type { Summary } from './summarize.ts';
import { percent } from './summary-line.ts';

/** What became of tasks that were set aside, and the pass rate of the others. They stay in every other figure. */
export interface Quarantine {
  /** Tasks of the batch that are set aside. */
  tasks: number;
  /** Ids of the file that the batch does not have. */
  absent: number;
  passed: number;
  graded: number;
  /** Of what is not set aside. */
  rest: { graded: number; passRate: number | null; passRateInterval: Interval | null };
}

/** Counts what is set aside: `found` are the tasks of the batch among the `listed` ids. */
export function countQuarantine(summary: Summary, listed: number, found: readonly TaskTally[]): Quarantine {
  const passed = found.reduce((sum, tally) => sum + tally.passed, 0);
  const graded = found.reduce((sum, tally) => sum + tally.graded, 0);
  const [passedRest, gradedRest] = [summary.outcomes.passed - passed, summary.graded - graded];
  return {
    tasks: found.length,
    absent: listed - found.length,
    passed,
    graded,
    rest: {
      graded: gradedRest,
      passRate: gradedRest === 0 ? null : passedRest / gradedRest,
      passRateInterval: wilsonInterval(passedRest, gradedRest),
    },
  };
}

/** The quarantine in one line; '' without one. */
export function showQuarantine(quarantine: Quarantine | null): string {
  if (!quarantine) return '';
  const { tasks, absent, passed, graded, rest } = quarantine;
  const others = absent > 0 ? ` (${absent} more are listed, but not in the batch)` : '';
  const { low, high } = rest.passRateInterval ?? { low: 0, high: 1 };
  const rate =
    rest.passRate === null ? '–' : `${percent(rest.passRate)} % [${percent(low)}–${percent(high)}]`;
  return `quarantined ${tasks} tasks${others}: passed ${passed} of ${graded} graded; without them pass rate ${rate} of ${rest.graded} graded`;
}
