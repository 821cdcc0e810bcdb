import { randomInt } from 'node:crypto';
import { Delays } from './delays.ts';
import { isAbout, type FaultPlan, type FaultRule, type RequestRule } from './fault-rules.ts';
import type { RequestKind } from './request-kind.ts';
import { TriedRule, type Subject } from './tried-rule.ts';

/** A rule that hits a request, and what it drew from its range. */
export interface Hit {
  rule: RequestRule;
  drawn: number;
}

/** What is in store for a sandbox, ms from its start; null: nothing. */
export interface Fate {
  vanishMs: number | null;
  expireMs: number | null;
}

/** The faults that the server plays: every rule decides for itself, and every rule that hits takes part. */
export class Faults {
  readonly delays = new Delays();
  #plan: FaultPlan = { rules: [] };
  #seed = 0;
  #rules: TriedRule[] = [];
  #born = 0;
  #ordinals = new WeakMap<Subject, number>();

  constructor(plan: FaultPlan) {
    this.play(plan);
  }

  /** True when no fault can happen. */
  get quiet(): boolean {
    return this.#rules.length === 0;
  }

  /** Plays this plan from now on; the fate of sandboxes that live is settled. */
  play(plan: FaultPlan): void {
    this.#plan = plan;
    this.#seed = plan.seed ?? randomInt(2 ** 32);
    this.restart();
  }

  /** Begins the plan anew, with the same seed. */
  restart(): void {
    this.#rules = this.#plan.rules.map((rule, place) => new TriedRule(rule, this.#seed, place));
    this.#born = 0;
    this.#ordinals = new WeakMap();
  }

  /** The faults that a request meets, in the order of the rules. */
  meet(kind: RequestKind, metadata: Subject['metadata'], sandbox: Subject | undefined): Hit[] {
    const about = sandbox && { of: sandbox, ordinal: this.#ordinalOf(sandbox) };
    return this.#rules.flatMap((tried) => {
      if (!isAbout(tried.rule, kind)) return [];
      const drawn = tried.meet(metadata, about);
      return drawn === null ? [] : [{ rule: tried.rule, drawn }];
    });
  }

  /** What happens to a sandbox that has just come to be. */
  fateOf(sandbox: Subject): Fate {
    if (this.quiet) return { vanishMs: null, expireMs: null };
    const about = { of: sandbox, ordinal: this.#ordinalOf(sandbox) };
    const earliest = (what: FaultRule['do']): number | null => {
      const drawn = this.#rules
        .filter(({ rule }) => rule.do === what)
        .flatMap((tried) => tried.meet(sandbox.metadata, about) ?? []);
      return drawn.length === 0 ? null : Math.min(...drawn);
    };
    return { vanishMs: earliest('vanish'), expireMs: earliest('expire') };
  }

  /** The plan with its seed, and how many cases each rule saw and hit. */
  describe(): object {
    return {
      seed: this.#seed,
      rules: this.#rules.map(({ rule, counts }) => ({ ...rule, ...counts })),
    };
  }

  #ordinalOf(sandbox: Subject): number {
    const ordinal = this.#ordinals.get(sandbox) ?? ++this.#born;
    this.#ordinals.set(sandbox, ordinal);
    return ordinal;
  }
}
