import type { Claimed } from '../database/claim-evaluation.ts';
import { saveResult } from '../database/save-result.ts';
import { EvalpoolError, outcomeOf } from '../errors.ts';
import type { EvaluationResult } from '../result.ts';
import { costOf } from '../slots/tiers.ts';
import type { EvaluatorContext } from './evaluator-context.ts';
import { noEvidence, type Evidence } from './evidence.ts';
import type { HeldSandbox } from './held-sandbox.ts';
import type { Teller } from './tell-attempt.ts';
import { untilWritten } from './until-written.ts';

/** What an attempt came to. */
export interface Conclusion {
  /** How long its sandbox ran. */
  sandbox: Pick<HeldSandbox, 'seconds'>;
  evidence: Evidence;
  startedAt: Date;
  /** Undefined: it passed. */
  error: EvalpoolError | undefined;
}

type Storing = Pick<EvaluatorContext, 'database' | 'lease' | 'log' | 'measures' | 'prices'> & {
  teller: Pick<Teller, 'ended'>;
  provider: Pick<EvaluatorContext['provider'], 'name' | 'template'>;
};

/** Writes the one result of an evaluation, again and again until it is written or another attempt has overtaken it. */
export async function storeResult(context: Storing, claimed: Claimed, attempt: Conclusion): Promise<void> {
  const { database, measures, teller } = context;
  const write = async (came: Conclusion): Promise<void> => {
    const result = describe(context, claimed, came);
    const written = await untilWritten(context, 'a result', () => saveResult(database, claimed, result));
    if (!written) return;
    measures.ended(claimed, written, result);
    teller.ended(written, result, came.error);
  };
  try {
    await write(attempt);
  } catch (cause) {
    await write(unstorable(attempt, cause));
  }
}

// Never a verdict without what it rests on; without an end the evaluation would hang.
function unstorable({ sandbox, startedAt }: Conclusion, cause: unknown): Conclusion {
  const message = `the result itself was refused: ${cause instanceof Error ? cause.message : String(cause)}`;
  return {
    sandbox,
    startedAt,
    evidence: noEvidence(),
    error: new EvalpoolError('STORE_FAILED', message, { cause }),
  };
}

function describe(
  context: Storing,
  claimed: Claimed,
  { evidence, error, sandbox, startedAt }: Conclusion,
): EvaluationResult {
  const { provider, prices } = context;
  return {
    outcome: error ? outcomeOf(error.code) : 'passed',
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
