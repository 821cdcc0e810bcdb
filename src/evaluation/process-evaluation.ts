import { readSecret } from '../config.ts';
import { claimEvaluation, type Claimed } from '../database/claim-evaluation.ts';
import { handBack, type HandBack } from '../database/save-result.ts';
import { asEvalpoolError, type EvalpoolError } from '../errors.ts';
import type { Hint } from '../queue/names.ts';
import { Spec } from '../spec.ts';
import type { Stage } from '../stage.ts';
import { giveBack, lossRate, type Slot } from '../slots/slots.ts';
import { costOf } from '../slots/tiers.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluatorContext } from './evaluator-context.ts';
import { noEvidence, type Evidence } from './evidence.ts';
import { HeldSandbox } from './held-sandbox.ts';
import { nextStep, type NextStep } from './next-step.ts';
import { reportOutage } from './report-outage.ts';
import { storeResult, type Conclusion } from './store-result.ts';
import { tellAttempt, type Teller } from './tell-attempt.ts';
import { untilWritten } from './until-written.ts';

/**
 * A hint from the queue, worked off: slot, claim, evaluate, store. Resolves once the attempt runs, or is found to be wanted no
 * more: the hint is then used up, and the attempt runs on by itself among `running`.
 */
export async function processEvaluation(context: EvaluatorContext, hint: Hint): Promise<void> {
  const { gate } = context;
  const { evaluationId: evaluation, attempt } = hint;
  const log = context.log.about({ evaluation, attempt, provider: context.provider.name });
  const leave = await gate.enter(hint.alone ?? false);
  try {
    const begun = await begin({ ...context, log }, hint);
    void begun?.ended
      .catch((error: unknown) => log.error({ err: error }, 'an evaluation escaped'))
      .finally(leave);
    if (!begun) leave();
  } catch (error) {
    leave();
    throw error;
  }
}

async function begin(context: EvaluatorContext, hint: Hint): Promise<{ ended: Promise<void> } | undefined> {
  const { provider, lease, slots, draining, measures, running } = context;
  const request = { ...hint, provider: provider.name, processId: lease.processId };
  const askedMs = performance.now();
  const slot = await slots.take(request, draining);
  if (!slot) return undefined;
  const hadMs = performance.now();
  const claimed = await claim(context, hint, slot);
  if (!claimed) return undefined;
  const teller = tellAttempt(context, claimed, { slot: { askedMs, hadMs }, traceparent: hint.traceparent });
  measures.begun(claimed);
  const ended = running.during(claimed, (unwanted, enter) =>
    runAttempt({ ...context, log: teller.log, teller }, claimed, { slot, unwanted, enter }),
  );
  return { ended };
}

/** Everything that an attempt works with. */
type AttemptContext = EvaluatorContext & { teller: Teller };

/** Between an attempt and the process it runs in. */
interface Signs {
  /** Aborted when the attempt is no longer wanted. */
  unwanted: AbortSignal;
  /** Notes the stage that begins. */
  enter: (stage: Stage) => void;
}

async function runAttempt(
  context: AttemptContext,
  claimed: Claimed,
  { slot, ...signs }: Signs & { slot: Slot },
): Promise<void> {
  const sandbox = new HeldSandbox(context, slot);
  const evidence = noEvidence();
  const startedAt = new Date();
  const error = await tryEvaluate(context, claimed, { sandbox, evidence, ...signs });
  context.teller.over(sandbox.id);
  await conclude(context, claimed, { sandbox, evidence, startedAt, error });
}

// The slot goes back at once when there is nothing to do with it.
async function claim(context: EvaluatorContext, hint: Hint, slot: Slot): Promise<Claimed | undefined> {
  const { database, lease, slots } = context;
  let again = false;
  const claimed = await untilWritten(context, 'a claim', () => {
    const tried = claimEvaluation(database, hint, lease.processId, again);
    again = true; // if its commit is in doubt, it may be ours already
    return tried;
  });
  if (claimed) return claimed;
  await untilWritten(context, 'the end of a slot', () => giveBack(database, slot.ledgerId));
  slots.announceFree();
  return undefined;
}

async function tryEvaluate(
  context: AttemptContext,
  claimed: Claimed,
  on: { sandbox: HeldSandbox; evidence: Evidence } & Signs,
): Promise<EvalpoolError | undefined> {
  let lost = false;
  try {
    const spec = Spec.parse(claimed.spec);
    await evaluate(spec, {
      ...context.kept,
      evidence: on.evidence,
      keyPrefix: `${claimed.batchId}/${claimed.evaluationId}/${claimed.attempt}`,
      create: (network, signal) => on.sandbox.create(claimed, { template: spec.template, network, signal }),
      destroy: () => on.sandbox.destroy(lost),
      secret: readSecret,
      signal: on.unwanted,
      onBegin: on.enter,
      onStage: (stage, seconds, outcome) => {
        lost ||= outcome === 'SANDBOX_LOST';
        context.measures.stage(claimed, stage, seconds, outcome);
        context.teller.stageEnded(stage, seconds, outcome);
      },
    });
    return undefined;
  } catch (error) {
    return asEvalpoolError(error);
  } finally {
    await on.sandbox.destroy(lost);
  }
}

async function conclude(context: AttemptContext, claimed: Claimed, attempt: Conclusion): Promise<void> {
  const { database, lease, measures, teller, wake } = context;
  if (lease.lost.aborted) return; // the reaper has handed it back, or will
  const next = await untilWritten(context, 'what follows an attempt', () =>
    decide(context, claimed, attempt),
  );
  if (!next) return;
  const { seconds } = attempt.sandbox;
  const spent = { sandboxSeconds: seconds, costUsd: costOf(context.prices(), seconds) };
  measures.spent(claimed, spent.sandboxSeconds, spent.costUsd);
  if ('handBack' in next) {
    measures.retried(next.handBack.reason);
    const written = await untilWritten(context, 'a hand-back', () =>
      handBack(database, claimed, { ...next.handBack, ...spent }),
    );
    const stopped = next.handBack === STOPPED;
    if (written) teller.handedBack(next.handBack, stopped ? undefined : attempt.error);
  } else {
    await storeResult(context, claimed, { ...attempt, error: next.end });
  }
  wake.send(`batch:${claimed.batchId}`);
  wake.send('dispatch');
}

const STOPPED: HandBack = { reason: 'stopped', failed: false, delayMs: 0 };

async function decide(
  { database, provider, stopping, storeFailed, measures }: EvaluatorContext,
  claimed: Claimed,
  { error }: Conclusion,
): Promise<NextStep | { end: undefined }> {
  if (!error) return { end: undefined };
  if (stopping.aborted) return { handBack: STOPPED };
  if (error.code === 'STORE_FAILED') storeFailed();
  measures.failure(error);
  const rate = error.code === 'SANDBOX_LOST' ? await lossRate(database, provider.name) : 0;
  const everybodys = await reportOutage(database, provider.name, error);
  return nextStep(error, claimed, { lossRate: rate, everybodys });
}
