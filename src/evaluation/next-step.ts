import type { Claimed } from '../database/claim-evaluation.ts';
import type { HandBack } from '../database/save-result.ts';
import { EvalpoolError } from '../errors.ts';
import { MAX_FAILURES } from '../outcome.ts';
import { repoKind } from './fetch/repo-address.ts';

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
/** Before what may be the spec's fault is tried once more, give or take a quarter. */
const CONFIRM_AFTER_MS = 2000;
const FETCH_AGAIN_AFTER_MS = 30_000;
/** A provider that has lost none yet may still lose one in a hundred. */
const LEAST_LOSS_RATE = 0.01;
/** Chance below which a sandbox that died each time is blamed on what ran in it. */
const CHANCE = 1e-6;

/** What follows an attempt that ended with an error: the evaluation ends with it, or goes back for another try. */
export type NextStep = { end: EvalpoolError } | { handBack: HandBack };

/** What is known of an error beside its code. */
export interface Circumstances {
  /** Share of the provider's sandboxes that vanish by themselves. */
  lossRate: number;
  /** It met everybody, so it costs this evaluation no attempt. */
  everybodys: boolean;
}

/** Decides by blame alone: the candidate's errors are final, the spec's are confirmed once, ours are retried. */
export function nextStep(
  error: EvalpoolError,
  claimed: Claimed,
  { lossRate, everybodys }: Circumstances,
): NextStep {
  const { kind, code } = error;
  if (kind.blame === 'candidate') return { end: error };
  if (kind.blame === 'spec' || kind.blame === 'user') {
    const confirmed = !kind.confirm || claimed.suspect === code;
    if (confirmed) return { end: error };
    return {
      handBack: { reason: kind.reason, failed: false, delayMs: confirmAfterMs(code, claimed), suspect: code },
    };
  }
  const killed = code === 'SANDBOX_LOST' && (error.stage === 'build' || error.stage === 'test');
  if (killed && Math.max(lossRate, LEAST_LOSS_RATE) ** (claimed.sandboxesLost + 1) < CHANCE) {
    return { end: sandboxKilled(error, claimed.sandboxesLost + 1) };
  }
  if (everybodys) return { handBack: { reason: kind.reason, failed: false, delayMs: backOffMs(1) } };
  if (claimed.failures + 1 >= MAX_FAILURES) return { end: error };
  const delayMs = backOffMs(claimed.failures);
  return { handBack: { reason: kind.reason, failed: true, delayMs, sandboxLost: killed } };
}

// A remote, or the way to it, may be away for a moment, for a whole batch at once; a repo of this disk is not.
function confirmAfterMs(code: EvalpoolError['code'], { spec }: Claimed): number {
  const fetched = code === 'FETCH_FAILED' || code === 'FETCH_TIMED_OUT';
  const repo = typeof spec === 'object' && spec !== null && 'repo' in spec ? String(spec.repo) : '';
  const remote = fetched && repoKind(repo) !== 'local';
  return (remote ? FETCH_AGAIN_AFTER_MS : CONFIRM_AFTER_MS) * (0.75 + Math.random() / 2);
}

/** Exponential with a cap, half of it random, so that what failed together does not come back together. */
export function backOffMs(failures: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  return full / 2 + (Math.random() * full) / 2;
}

function sandboxKilled(error: EvalpoolError, times: number): EvalpoolError {
  const message = `the sandbox died ${times} times in the candidate's code; the provider loses too few for that to be chance`;
  const options = error.stage ? { cause: error, stage: error.stage } : { cause: error };
  return new EvalpoolError('SANDBOX_KILLED', message, options);
}
