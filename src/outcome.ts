/** How an evaluation ended (docs/outcomes.md). The first three are verdicts: only they are graded. */
export const OUTCOMES = ['passed', 'failed', 'timed_out', 'invalid', 'infra_error', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Attempts that may fail by infrastructure before an evaluation ends as `infra_error`. */
export const MAX_FAILURES = 5;

const VERDICTS: readonly Outcome[] = ['passed', 'failed', 'timed_out'];

/** True for an outcome that says something of the candidate, and so counts in the pass rate. */
export function isGraded(outcome: Outcome): boolean {
  return VERDICTS.includes(outcome);
}

/** One counter per outcome, all zero. */
export function noOutcomes(): Record<Outcome, number> {
  return { passed: 0, failed: 0, timed_out: 0, invalid: 0, infra_error: 0, cancelled: 0 };
}
