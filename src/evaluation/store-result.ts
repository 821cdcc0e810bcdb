import type { Claimed } from '../database/claim-evaluation.ts';
import { saveResult } from '../database/save-result.ts';
import { outcomeOf, type EvalpoolError } from '../errors.ts';
import type { EvaluationResult } from '../result.ts';
import { costOf } from '../slots/tiers.ts';
import type { EvaluatorContext } from './evaluator-context.ts';
import type { Evidence } from './evidence.ts';
import type { HeldSandbox } from './held-sandbox.ts';
import { untilWritten } from './until-written.ts';

/** What an attempt came to. */
export interface Conclusion {
  sandbox: HeldSandbox;
  evidence: Evidence;
  startedAt: Date;
  /** Undefined: it passed. */
  error: EvalpoolError | undefined;
}

/** Writes the one result of an evaluation, again and again until it is written or another attempt has overtaken it. */
export async function storeResult(
  context: EvaluatorContext,
  claimed: Claimed,
  attempt: Conclusion,
): Promise<void> {
  const { database, metrics, provider } = context;
  const result = describe(context, claimed, attempt);
  const written = await untilWritten(context, 'a result', () => saveResult(database, claimed, result));
  if (written) metrics.evaluations.inc({ provider: provider.name, outcome: result.outcome });
}

function describe(
  context: EvaluatorContext,
  claimed: Claimed,
  { evidence, error, sandbox, startedAt }: Conclusion,
): EvaluationResult {
  const { provider, prices } = context;
  return {
    outcome: error ? outcomeOf(error) : 'passed',
    reason: error ? error.kind.reason : '',
    failure: error
      ? { code: error.code, stage: error.stage ?? null, message: error.message, next: error.kind.next }
      : null,
    ...evidence,
    stages: [{ stage: 'queue', seconds: claimed.waitedSeconds }, ...evidence.stages],
    attempts: claimed.failures + 1,
    sandboxSeconds: sandbox.seconds,
    costUsd: costOf(prices(), sandbox.seconds),
    provider: provider.name,
    template: claimed.spec.template ?? provider.template,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
  };
}
