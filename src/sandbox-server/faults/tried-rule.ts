import { throwDice } from './dice.ts';
import { rangeOf, type FaultRule } from './fault-rules.ts';

/** A sandbox as faults know it. */
export interface Subject {
  readonly metadata: Readonly<Record<string, string>>;
}

interface Counts {
  seen: number;
  hits: number;
}

/**
 * One rule and what it has met so far. Its dice depend on the seed, its place among the rules, and which of its cases this is:
 * for requests without a sandbox the how-manieth; for all others the how-manieth sandbox, and the how-manieth of that sandbox.
 */
export class TriedRule<Rule extends FaultRule = FaultRule> {
  readonly rule: Rule;
  readonly #keys: readonly [seed: number, place: number];
  readonly #all: Counts = { seen: 0, hits: 0 };
  readonly #bySandbox = new WeakMap<Subject, Counts>();

  constructor(rule: Rule, seed: number, place: number) {
    this.rule = rule;
    this.#keys = [seed, place];
  }

  get counts(): Readonly<Counts> {
    return this.#all;
  }

  /** What the rule draws from its range (0 if it has none) when it hits this case; null when it does not. */
  meet(metadata: Subject['metadata'], sandbox?: { of: Subject; ordinal: number }): number | null {
    const { where, probability } = this.rule;
    if (!Object.entries(where).every(([key, value]) => metadata[key] === value)) return null;
    const own = sandbox ? this.#countsOf(sandbox.of) : { seen: 0, hits: 0 };
    this.#all.seen += 1;
    own.seen += 1;
    const counted = 'per' in this.rule && this.rule.per === 'sandbox' && sandbox ? own : this.#all;
    const keys = sandbox ? [sandbox.ordinal, own.seen] : [this.#all.seen];
    if (!this.#isDue(counted) || throwDice(...this.#keys, ...keys, 0) >= probability) return null;
    this.#all.hits += 1;
    own.hits += 1;
    const [from, to] = rangeOf(this.rule) ?? [0, 0];
    return from + (to - from) * throwDice(...this.#keys, ...keys, 1);
  }

  #isDue({ seen, hits }: Counts): boolean {
    const { skip, every, times } = this.rule;
    return seen > skip && (seen - skip) % every === 0 && hits < (times ?? Infinity);
  }

  #countsOf(sandbox: Subject): Counts {
    const counts = this.#bySandbox.get(sandbox) ?? { seen: 0, hits: 0 };
    this.#bySandbox.set(sandbox, counts);
    return counts;
  }
}
