import { isMixed } from '../samples/sample-figures.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { mcNemar, type McNemar } from '../statistics/mcnemar.ts';
import { signFlipTest } from '../statistics/sign-flip.ts';
import { wilsonInterval, type Interval } from '../statistics/wilson.ts';
import { findFlip, type Flip } from './flips.ts';
import type { ComparedRun } from './tally-results.ts';

/** What is said of one of the two runs. Rates are 0 to 1. */
export interface RunFigures {
  name: string;
  tasks: number;
  graded: number;
  total: number;
  completion: number;
  /** Mean over tasks of the share of graded samples that passed; null when nothing was graded. */
  passRate: number | null;
  /** Wilson's for one sample per task, else bootstrap over tasks. */
  passRateInterval: Interval | null;
  /** Tasks whose graded samples disagree. */
  mixed: number;
}

/** Two runs over the same tasks, B against A. Differences are B − A. */
export interface Comparison {
  a: RunFigures;
  b: RunFigures;
  /** `ungraded`: in both, but without a graded sample in one of them. `quarantined`: set aside, in none of the others. */
  tasks: { paired: number; onlyA: number; onlyB: number; ungraded: number; quarantined: number };
  /** Share of A's tasks that could be paired, without those set aside. */
  completion: number;
  pairedRates: { a: number; b: number; difference: number; interval: Interval | null } | null;
  /** `mcnemar`: its mid-p, where each paired task has one graded sample a side; else the sign-flip test, exact or mid-p. */
  test: 'mcnemar' | 'sign_flip' | 'sign_flip_mid_p';
  p: number;
  mcnemar: McNemar | null;
  verdict: 'better' | 'worse' | 'no_difference';
  flips: Flip[];
}

const LEVEL = 0.05;

/**
 * Compares two runs task by task; tasks that only one has, or that one has not graded, are counted apart. `midP`: the sign-flip
 * test is to be as sharp as McNemar's, since samples were only added to what that had judged.
 */
export function compareRuns(
  a: ComparedRun,
  b: ComparedRun,
  quarantine: ReadonlySet<string> = new Set(),
  midP = false,
): Comparison {
  const pairs = pairTasks(a, b, quarantine);
  const test = pairs.single ? 'mcnemar' : midP ? 'sign_flip_mid_p' : 'sign_flip';
  const mcnemar = pairs.single ? mcNemar(count(pairs.differences, -1), count(pairs.differences, 1)) : null;
  const p = mcnemar ? mcnemar.midP : signFlipTest(pairs.differences)[midP ? 'midP' : 'exact'];
  const difference = mean(pairs.differences);
  const verdict = p >= LEVEL || difference === 0 ? 'no_difference' : difference < 0 ? 'worse' : 'better';
  const { paired, onlyA, ungraded } = pairs.tasks;
  const ofA = paired + onlyA + ungraded;
  return {
    a: figuresOf(a),
    b: figuresOf(b),
    tasks: pairs.tasks,
    completion: ofA === 0 ? 1 : paired / ofA,
    pairedRates:
      paired === 0 ? null : { ...pairs.rates, difference, interval: bootstrapInterval(pairs.differences) },
    test,
    p,
    mcnemar,
    verdict,
    flips: pairs.flips,
  };
}

interface Pairs {
  tasks: Comparison['tasks'];
  rates: { a: number; b: number };
  /** Of the share of passes, task by task. */
  differences: number[];
  /** Each has one graded sample on each side. */
  single: boolean;
  flips: Flip[];
}

function pairTasks(a: ComparedRun, b: ComparedRun, quarantine: ReadonlySet<string>): Pairs {
  const tasks = { paired: 0, onlyA: 0, onlyB: 0, ungraded: 0, quarantined: 0 };
  const pairs: Pairs = { tasks, rates: { a: 0, b: 0 }, differences: [], single: true, flips: [] };
  for (const [task, ofA] of a.tasks) {
    const ofB = b.tasks.get(task);
    if (quarantine.has(task)) tasks.quarantined += 1;
    else if (!ofB) tasks.onlyA += 1;
    else if (ofA.graded === 0 || ofB.graded === 0) tasks.ungraded += 1;
    else {
      const [rateA, rateB] = [ofA.passed / ofA.graded, ofB.passed / ofB.graded];
      pairs.differences.push(rateB - rateA);
      pairs.rates.a += rateA;
      pairs.rates.b += rateB;
      if (ofA.graded > 1 || ofB.graded > 1) pairs.single = false;
      const flip = findFlip(ofA, ofB);
      if (flip) pairs.flips.push(flip);
    }
  }
  tasks.paired = pairs.differences.length;
  for (const task of b.tasks.keys()) {
    if (a.tasks.has(task)) continue;
    if (quarantine.has(task)) tasks.quarantined += 1;
    else tasks.onlyB += 1;
  }
  pairs.rates.a /= tasks.paired;
  pairs.rates.b /= tasks.paired;
  return pairs;
}

function figuresOf({ name, tasks, total }: ComparedRun): RunFigures {
  const all = [...tasks.values()];
  const graded = all.reduce((sum, tally) => sum + tally.graded, 0);
  const rates = all.filter((tally) => tally.graded > 0).map((tally) => tally.passed / tally.graded);
  const single = rates.length === graded;
  return {
    name,
    tasks: tasks.size,
    graded,
    total,
    completion: total === 0 ? 1 : graded / total,
    passRate: rates.length === 0 ? null : mean(rates),
    passRateInterval: single ? wilsonInterval(count(rates, 1), rates.length) : bootstrapInterval(rates),
    mixed: all.filter(isMixed).length,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
}

function count(values: readonly number[], wanted: number): number {
  return values.filter((value) => value === wanted).length;
}
