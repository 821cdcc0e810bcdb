import type { Batch } from '../database/batches.ts';
import { isGraded, OUTCOMES, type Outcome } from '../outcome.ts';
import { wilsonInterval, type Interval } from './statistics/wilson.ts';

/** How many results of one outcome carry one reason. */
export interface ReasonCount {
  outcome: Outcome;
  reason: string;
  count: number;
}

/** The counted outcomes of a batch. Rates are 0 to 1; null where nothing was graded. */
export interface Summary {
  batch: string;
  provider: string;
  /** Accepted evaluations and unreadable input lines. */
  total: number;
  accepted: number;
  /** Input lines that were no specs; counted as invalid too. */
  unreadable: number;
  outcomes: Record<Outcome, number>;
  reasons: ReasonCount[];
  /** Without a result so far. */
  missing: number;
  graded: number;
  passRate: number | null;
  passRateInterval: Interval | null;
  completion: number;
}

/** What of a batch is counted. */
export type Counted = Pick<Batch, 'name' | 'provider' | 'counts' | 'total' | 'unreadable'>;

/** Counts a batch: N is what was accepted plus what could not be read. */
export function summarize(batch: Counted, reasons: readonly ReasonCount[]): Summary {
  const outcomes = { ...batch.counts, invalid: batch.counts.invalid + batch.unreadable };
  const sum = (which: readonly Outcome[]): number => which.reduce((n, outcome) => n + outcomes[outcome], 0);
  const total = batch.total + batch.unreadable;
  const graded = sum(OUTCOMES.filter(isGraded));
  const unreadable: ReasonCount = { outcome: 'invalid', reason: 'unreadable', count: batch.unreadable };
  return {
    batch: batch.name,
    provider: batch.provider,
    total,
    accepted: batch.total,
    unreadable: batch.unreadable,
    outcomes,
    reasons: batch.unreadable > 0 ? [...reasons, unreadable] : [...reasons],
    missing: total - sum(OUTCOMES),
    graded,
    passRate: graded === 0 ? null : outcomes.passed / graded,
    passRateInterval: wilsonInterval(outcomes.passed, graded),
    completion: total === 0 ? 1 : graded / total,
  };
}
