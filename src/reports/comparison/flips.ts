import type { TaskTally } from '../../database/read-tallies.ts';
import { isMixed } from '../samples/sample-figures.ts';
import { fisherExact, type Seen } from '../statistics/fisher.ts';

/**
 * What a flip is worth. `beyond_noise`: the samples of each run agree, or they differ by more than chance (Fisher's exact
 * test, 5 %); `known_flaky`: samples of one run disagree; `one_sample`: a run has one sample only, so nobody can tell.
 */
export type FlipKind = 'beyond_noise' | 'known_flaky' | 'one_sample';

/** A task whose share of passes is not the same in both runs. */
export interface Flip {
  task: string;
  direction: 'worse' | 'better';
  kind: FlipKind;
  a: TaskTally;
  b: TaskTally;
}

const LEVEL = 0.05;

/** The flip of a task that both runs have graded; undefined if it has none. */
export function findFlip(a: TaskTally, b: TaskTally): Flip | undefined {
  const [now, before] = [b.passed * a.graded, a.passed * b.graded];
  if (now === before) return undefined;
  return { task: a.task, direction: now < before ? 'worse' : 'better', kind: kindOf(a, b), a, b };
}

function kindOf(a: TaskTally, b: TaskTally): FlipKind {
  if (isMixed(a) || isMixed(b)) return fisherExact(seen(a), seen(b)) < LEVEL ? 'beyond_noise' : 'known_flaky';
  return Math.min(a.graded, b.graded) === 1 ? 'one_sample' : 'beyond_noise';
}

function seen({ passed, graded }: TaskTally): Seen {
  return { hits: passed, trials: graded };
}
