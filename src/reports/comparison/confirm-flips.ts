import type { TaskTally } from '../../database/read-tallies.ts';
import type { Comparison } from './compare-runs.ts';
import { findFlip, type Flip, type FlipKind } from './flips.ts';
import type { ComparedRun } from './tally-results.ts';

/**
 * What fresh samples say of a flip. `confirmed`: they alone show the same flip beyond noise; `undecided`: a run has fewer than
 * two of them with a verdict.
 */
export type Confirmation = 'confirmed' | 'not_confirmed' | 'undecided';

/** A flip with the samples that were made to confirm it; the sample by which it was found is not among them. */
export interface TriedFlip {
  task: string;
  direction: Flip['direction'];
  confirmation: Confirmation;
  a: TaskTally;
  b: TaskTally;
}

/** Fresh samples of each run, by task. */
export interface Fresh {
  a: ReadonlyMap<string, TaskTally>;
  b: ReadonlyMap<string, TaskTally>;
}

const KINDS: Readonly<Record<Confirmation, FlipKind>> = {
  confirmed: 'beyond_noise',
  not_confirmed: 'known_flaky',
  undecided: 'one_sample',
};

/** What fresh samples say of each flip. */
export function confirmFlips(flips: readonly Flip[], fresh: Fresh): TriedFlip[] {
  return flips.map(({ task, direction }) => {
    const [a, b] = [fresh.a.get(task) ?? nothing(task), fresh.b.get(task) ?? nothing(task)];
    return { task, direction, confirmation: confirm(direction, a, b), a, b };
  });
}

function confirm(direction: Flip['direction'], a: TaskTally, b: TaskTally): Confirmation {
  if (Math.min(a.graded, b.graded) < 2) return 'undecided';
  const again = findFlip(a, b);
  return again?.direction === direction && again.kind === 'beyond_noise' ? 'confirmed' : 'not_confirmed';
}

/** A run with fresh samples added to its own. */
export function addSamples(run: ComparedRun, fresh: ReadonlyMap<string, TaskTally>): ComparedRun {
  const tasks = new Map(run.tasks);
  let { total } = run;
  for (const [task, more] of fresh) {
    tasks.set(task, sum(tasks.get(task) ?? nothing(task), more));
    total += more.samples;
  }
  return { ...run, tasks, total };
}

/** A comparison whose flips are called what their fresh samples say. */
export function callConfirmed(comparison: Comparison, tried: readonly TriedFlip[]): Comparison {
  const kinds = new Map(tried.map(({ task, confirmation }) => [task, KINDS[confirmation]]));
  const flips = comparison.flips.map((flip) => ({ ...flip, kind: kinds.get(flip.task) ?? flip.kind }));
  return { ...comparison, flips };
}

function sum(one: TaskTally, other: TaskTally): TaskTally {
  return {
    task: one.task,
    passed: one.passed + other.passed,
    graded: one.graded + other.graded,
    samples: one.samples + other.samples,
  };
}

function nothing(task: string): TaskTally {
  return { task, passed: 0, graded: 0, samples: 0 };
}
