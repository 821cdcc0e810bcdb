import type { TaskTally } from '../database/read-tallies.ts';
import { harmlessLine } from '../harmless-text.ts';
import { wilsonInterval, type Interval } from './statistics/wilson.ts';
import type { Summary } from './summarize.ts';
import { percent } from './summary-line.ts';

/** What a quarantine file lists: whole tasks, and tests of tasks. */
export interface QuarantineList {
  tasks: ReadonlySet<string>;
  tests: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A quarantined test of a task. */
export interface QuarantinedTest {
  task: string;
  test: string;
  failed: number;
  /** Reports that name it, skipped ones not counted; 0: none does. */
  seen: number;
}

/** What quarantined tests change. */
export interface WithoutTests {
  tests: QuarantinedTest[];
  /** Evaluations that would pass without them. */
  turned: number;
  /** Evaluations of which nothing would be left to judge by, and how many of them pass. */
  empty: number;
  emptyPassed: number;
}

/** What became of tasks and tests that were set aside, and the pass rate of the others. They stay in every other figure. */
export interface Quarantine {
  /** Tasks of the batch that are set aside. */
  tasks: number;
  /** Ids of the file that the batch does not have. */
  absent: number;
  passed: number;
  graded: number;
  without: WithoutTests;
  /** Of what is not set aside. */
  rest: { graded: number; passRate: number | null; passRateInterval: Interval | null };
}

const SHOWN = 10;

/** Counts what is set aside: `found` are the tasks of the batch among the `listed` ids. */
export function countQuarantine(
  summary: Summary,
  listed: number,
  { found, without }: { found: readonly TaskTally[]; without: WithoutTests },
): Quarantine {
  const passed = found.reduce((sum, tally) => sum + tally.passed, 0);
  const graded = found.reduce((sum, tally) => sum + tally.graded, 0);
  const passedRest = summary.outcomes.passed - passed + without.turned - without.emptyPassed;
  const gradedRest = summary.graded - graded - without.empty;
  return {
    tasks: found.length,
    absent: listed - found.length,
    passed,
    graded,
    without,
    rest: {
      graded: gradedRest,
      passRate: gradedRest === 0 ? null : passedRest / gradedRest,
      passRateInterval: wilsonInterval(passedRest, gradedRest),
    },
  };
}

/** The quarantine in a line, and one for each test of it; '' without one. */
export function showQuarantine(quarantine: Quarantine | null): string {
  if (!quarantine) return '';
  const { tasks, absent, passed, graded, rest, without } = quarantine;
  const others = absent > 0 ? ` (${absent} more are listed, but not in the batch)` : '';
  const { low, high } = rest.passRateInterval ?? { low: 0, high: 1 };
  const rate =
    rest.passRate === null ? '–' : `${percent(rest.passRate)} % [${percent(low)}–${percent(high)}]`;
  return [
    `quarantined ${tasks} tasks${others}: passed ${passed} of ${graded} graded; without them${without.tests.length > 0 ? ' and the tests below' : ''} pass rate ${rate} of ${rest.graded} graded`,
    ...showTests(without),
  ].join('\n');
}

function showTests({ tests, turned, empty }: WithoutTests): string[] {
  if (tests.length === 0) return [];
  const rest = tests.length - SHOWN;
  return [
    `quarantined ${tests.length} tests: without them ${turned} more evaluations pass, ${empty} have nothing left to judge by`,
    ...tests.slice(0, SHOWN).map(showTest),
    ...(rest > 0 ? [`  and ${rest} more: summary.json`] : []),
  ];
}

function showTest({ task, test, failed, seen }: QuarantinedTest): string {
  const told = seen === 0 ? 'in no report' : `failed ${failed} of ${seen}`;
  return `  ${harmlessLine(task, 60)}  ${harmlessLine(test, 100)}  ${told}`;
}
