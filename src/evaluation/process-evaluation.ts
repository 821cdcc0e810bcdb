import { readSecret } from '../config.ts';
import { claimEvaluation, type Claimed } from '../database/claim-evaluation.ts';
import type { Dispatched } from '../database/dispatch-evaluations.ts';
import { handBack } from '../database/save-result.ts';
import { asEvalpoolError, type EvalpoolError } from '../errors.ts';
import { Spec } from '../spec.ts';
import { giveBack, lossRate, type Slot } from '../slots/slots.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluatorContext } from './evaluator-context.ts';
import { noEvidence } from './evidence.ts';
import { HeldSandbox } from './held-sandbox.ts';
import { nextStep } from './next-step.ts';
import { storeResult, type Conclusion } from './store-result.ts';

/** A hint from the queue, worked off: slot, claim, evaluate, store. Does nothing if the attempt is not wanted any more. */
export async function processEvaluation(context: EvaluatorContext, hint: Dispatched): Promise<void> {
  const request = { ...hint, provider: context.provider.name, processId: context.lease.processId };
  const slot = await context.slots.take(request, context.stopping);
  if (!slot) return;
  const claimed = await claim(context, hint, slot);
  if (!claimed) return;
  context.metrics.queueWaitSeconds.observe(claimed.waitedSeconds);
  const sandbox = new HeldSandbox(context, slot);
  const evidence = noEvidence();
  const startedAt = new Date();
  const error = await tryEvaluate(context, claimed, { sandbox, evidence });
  await conclude(context, claimed, { sandbox, evidence, startedAt, error });
}

// The slot goes back at once when there is nothing to do with it.
async function claim(context: EvaluatorContext, hint: Dispatched, slot: Slot): Promise<Claimed | undefined> {
  const { database, lease, slots } = context;
  const claimed = await claimEvaluation(database, hint, lease.processId).catch(async (error: unknown) => {
    await giveBack(database, slot.ledgerId);
    throw error;
  });
  if (claimed) return claimed;
  await giveBack(database, slot.ledgerId);
  slots.announceFree();
  return undefined;
}

async function tryEvaluate(
  context: EvaluatorContext,
  claimed: Claimed,
  on: Pick<Conclusion, 'sandbox' | 'evidence'>,
): Promise<EvalpoolError | undefined> {
  let lost = false;
  try {
    const spec = Spec.parse(claimed.spec);
    await evaluate(spec, {
      ...context.kept,
      evidence: on.evidence,
      keyPrefix: `${claimed.batchId}/${claimed.evaluationId}/${claimed.attempt}`,
      create: (network) => on.sandbox.create(claimed, spec.template, network),
      destroy: () => on.sandbox.destroy(lost),
      secret: readSecret,
      signal: AbortSignal.any([context.stopping, context.lease.lost]),
      onStage: (stage, seconds, outcome) => {
        lost ||= outcome === 'SANDBOX_LOST';
        context.metrics.stageSeconds.observe({ stage, outcome: outcome === 'ok' ? 'ok' : 'error' }, seconds);
      },
    });
    return undefined;
  } catch (error) {
    return asEvalpoolError(error);
  } finally {
    await on.sandbox.destroy(lost);
  }
}

async function conclude(context: EvaluatorContext, claimed: Claimed, attempt: Conclusion): Promise<void> {
  const { database, lease, metrics, provider, stopping, wake, log } = context;
  if (lease.lost.aborted) return; // the reaper has handed it back, or will
  if (stopping.aborted && attempt.error) {
    await handBack(database, claimed, { reason: 'stopped', failed: false, delayMs: 0 });
    return;
  }
  const rate = attempt.error?.code === 'SANDBOX_LOST' ? await lossRate(database, provider.name) : 0;
  const next = attempt.error ? nextStep(attempt.error, claimed, rate) : { end: undefined };
  if ('handBack' in next) {
    metrics.retries.inc({ provider: provider.name, cause: next.handBack.reason });
    log.info(
      {
        evaluation: claimed.evaluationId,
        attempt: claimed.attempt,
        ...next.handBack,
        error: attempt.error?.message,
      },
      'handed back',
    );
    await handBack(database, claimed, next.handBack);
  } else {
    await storeResult(context, claimed, { ...attempt, error: next.end });
  }
  wake.send(`batch:${claimed.batchId}`);
  wake.send('dispatch');
}
