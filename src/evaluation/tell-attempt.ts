import type { Claimed } from '../database/claim-evaluation.ts';
import type { HandBack } from '../database/save-result.ts';
import type { ErrorCode, EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Outcome } from '../outcome.ts';
import type { ProviderConfig } from '../provider-config.ts';
import type { EvaluationResult } from '../result.ts';
import type { Stage } from '../stage.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Tells of one attempt, in the log and in the trace of its evaluation. */
export interface Teller {
  /** A log whose lines all say which attempt they are about. */
  log: Log;
  stageEnded(stage: Stage, seconds: number, outcome: 'ok' | 'ABORTED' | ErrorCode): void;
  /** What was tried is over; it has still to be settled. */
  over(sandboxId: string | undefined): void;
  /** It was handed back for another try. */
  handedBack(how: HandBack, error: EvalpoolError | undefined): void;
  /** Its evaluation ended; `outcome` as it was written. */
  ended(outcome: Outcome, result: EvaluationResult, error: EvalpoolError | undefined): void;
}

/** How an attempt came to this process. */
interface Arrival {
  /** When a slot was asked for, and had, by performance.now(). */
  slot: { askedMs: number; hadMs: number };
  /** The header of its job. */
  traceparent: string | undefined;
}

/** Begins to tell of an attempt that was just claimed. */
export function tellAttempt(
  {
    tracing,
    provider,
    log: whole,
  }: { tracing: Pick<Tracing, 'of'>; provider: Pick<ProviderConfig, 'name'>; log: Log },
  claimed: Claimed,
  { slot, traceparent }: Arrival,
): Teller {
  const { evaluationId: evaluation, attempt, batchId: batch, spec, waitedSeconds } = claimed;
  const trace = tracing.of(claimed);
  const ours = trace.attempt(attempt);
  const log = whole.about({ evaluation, attempt, batch, trace: trace.id, provider: provider.name });
  ours.claimed({ provider: provider.name, waitedMs: waitedSeconds * 1000, slot, traceparent });
  const startMs = performance.now();
  let end = { endMs: startMs, sandboxId: undefined as string | undefined };
  log.debug({ waitedSeconds }, 'claimed');
  return {
    log,
    stageEnded: (stage, seconds, outcome) => {
      ours.stageEnded(stage, seconds, outcome);
      log.debug({ stage, seconds, outcome }, 'a stage ended');
    },
    over: (sandboxId) => (end = { endMs: performance.now(), sandboxId }),
    handedBack: ({ reason, delayMs, failed }, error) => {
      log.info({ reason, delayMs, failed, code: error?.code, error: error?.message }, 'handed back');
      ours.ended({ startMs, ...end, provider: provider.name, reason, error });
    },
    ended: (outcome, result, error) => {
      log.debug({ outcome, reason: result.reason, code: error?.code }, 'ended');
      ours.ended({ startMs, ...end, provider: provider.name, reason: result.reason || outcome, error });
      trace.ended({ ...result, outcome }, { batchId: batch, taskId: spec.id, sample: spec.sample });
    },
  };
}
