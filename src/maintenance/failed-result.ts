import { outcomeOf, type EvalpoolError } from '../errors.ts';
import type { EvaluationResult } from '../result.ts';

/** The result of an evaluation that ended without an evaluator to tell more. */
export function failedResult(error: EvalpoolError, attempts: number): EvaluationResult {
  const now = new Date().toISOString();
  return {
    outcome: outcomeOf(error),
    reason: error.kind.reason,
    failure: { code: error.code, stage: error.stage ?? null, message: error.message, next: error.kind.next },
    exitCode: null,
    tests: [],
    stages: [],
    logs: [],
    artifacts: [],
    tail: '',
    attempts,
    sandboxSeconds: 0,
    costUsd: 0,
    provider: '',
    template: '',
    startedAt: now,
    finishedAt: now,
  };
}
