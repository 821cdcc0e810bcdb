import type { StoredResult } from '../../database/read-results.ts';
import type { TaskTally } from '../../database/read-tallies.ts';
import type { KeptBecause } from '../../kept-because.ts';
import { isGraded, noOutcomes, OUTCOMES, type Outcome } from '../../outcome.ts';
import type { ReasonCount } from '../summarize.ts';

/** How an evaluation ended, before or after. */
export type Ending = Pick<StoredResult, 'outcome' | 'reason'>;

/** An evaluation that other rules end otherwise. */
export interface Change {
  id: string;
  sample: number;
  before: Ending;
  after: Ending;
  /** Why it does not pass now; null: it passes. */
  message: string | null;
}

/** What other rules made of a batch. */
export interface Changes {
  /** Judged again. */
  judged: number;
  /** Of these: by the log, since no report had been kept. */
  fromLog: number;
  changed: number;
  /** The most frequent first. */
  kinds: Array<{ before: Ending; after: Ending; count: number }>;
  first: Change[];
  kept: Record<KeptBecause, number>;
}

const SHOWN = 20;

/** Takes in one evaluation after the other; keeps a little for each task that changes. */
export class ChangeCounter {
  readonly #changes: Changes = {
    judged: 0,
    fromLog: 0,
    changed: 0,
    kinds: [],
    first: [],
    kept: { no_verdict: 0, not_kept: 0, other_path: 0, log_cut: 0 },
  };
  readonly #kinds = new Map<string, Changes['kinds'][number]>();
  readonly #reasons = new Map<string, ReasonCount>();
  readonly #moved = noOutcomes();
  readonly #tasks = new Map<string, Pick<TaskTally, 'passed' | 'graded'>>();

  /** It keeps its outcome. */
  keep(result: Ending, because: KeptBecause): void {
    this.#changes.kept[because] += 1;
    this.#end(result);
  }

  /** It was judged again. Returns how it changed; null: not at all. */
  judge(before: StoredResult, after: StoredResult, fromLog: boolean): Change | null {
    this.#changes.judged += 1;
    if (fromLog) this.#changes.fromLog += 1;
    this.#end(after);
    if (before.outcome === after.outcome && before.reason === after.reason) return null;
    return this.#change(before, after);
  }

  /** The counters of its batch, as they are now. */
  counts(before: Readonly<Record<Outcome, number>>): Record<Outcome, number> {
    const counts = { ...before };
    for (const outcome of OUTCOMES) counts[outcome] += this.#moved[outcome];
    return counts;
  }

  /** A task of its batch, as it is now. */
  tally(before: TaskTally): TaskTally {
    const moved = this.#tasks.get(before.task);
    if (!moved) return before;
    return { ...before, passed: before.passed + moved.passed, graded: before.graded + moved.graded };
  }

  /** How many carry each outcome and reason now, the most frequent first. */
  reasons(): ReasonCount[] {
    return [...this.#reasons.values()].toSorted((a, b) => b.count - a.count);
  }

  changes(): Changes {
    return { ...this.#changes, kinds: [...this.#kinds.values()].toSorted((a, b) => b.count - a.count) };
  }

  #change(before: StoredResult, after: StoredResult): Change {
    const change = {
      id: after.taskId,
      sample: after.sample,
      before: endingOf(before),
      after: endingOf(after),
      message: after.result.failure?.message ?? null,
    };
    this.#changes.changed += 1;
    if (this.#changes.first.length < SHOWN) this.#changes.first.push(change);
    const name = JSON.stringify([change.before, change.after]);
    const kind = this.#kinds.get(name) ?? { before: change.before, after: change.after, count: 0 };
    this.#kinds.set(name, { ...kind, count: kind.count + 1 });
    this.#moved[before.outcome] -= 1;
    this.#moved[after.outcome] += 1;
    const task = this.#tasks.get(after.taskId) ?? { passed: 0, graded: 0 };
    this.#tasks.set(after.taskId, {
      passed: task.passed + Number(after.outcome === 'passed') - Number(before.outcome === 'passed'),
      graded: task.graded + Number(isGraded(after.outcome)) - Number(isGraded(before.outcome)),
    });
    return change;
  }

  #end(ending: Ending): void {
    const { outcome, reason } = ending;
    const name = `${outcome} ${reason}`;
    const seen = this.#reasons.get(name) ?? { outcome, reason, count: 0 };
    this.#reasons.set(name, { ...seen, count: seen.count + 1 });
  }
}

function endingOf({ outcome, reason }: StoredResult): Ending {
  return { outcome, reason };
}
