import type { EvaluationFacts } from '../database/read-evaluation.ts';
import type { BatchStatus, ProviderStatus } from '../database/read-status.ts';

/** What decides what an evaluation waits for. */
export interface Circumstances {
  evaluation: Pick<
    EvaluationFacts,
    'state' | 'notBeforeS' | 'ahead' | 'stage' | 'stageSince' | 'workersLost'
  >;
  batch: BatchStatus;
  /** Undefined: no evaluator of it has ever started. */
  provider: ProviderStatus | undefined;
}

/** A reason to wait: which kind, and in words what it is and what changes it. */
export interface Reason {
  kind:
    | 'fair share'
    | 'cap'
    | 'budget'
    | 'slot'
    | 'rate'
    | 'back-off'
    | 'breaker'
    | 'paused'
    | 'cancelled'
    | 'evaluator'
    | 'running'
    | 'nothing';
  words: string;
}

/** What an evaluation waits for: the first thing that would have to change for it to go on. */
export function waitingFor(circumstances: Circumstances): Reason {
  const { evaluation, batch, provider } = circumstances;
  if (evaluation.state === 'finished') return { kind: 'nothing', words: 'it has ended' };
  if (evaluation.state === 'running') return runs(evaluation);
  if (batch.cancelled) return { kind: 'cancelled', words: 'its batch was cancelled' };
  if (!provider || provider.evaluators === 0)
    return { kind: 'evaluator', words: `no evaluator of provider ${batch.provider} is alive: start one` };
  const held = heldBack(provider);
  if (evaluation.state === 'dispatched') return held ?? free(provider);
  return ofItsBatch(batch) ?? backOff(evaluation) ?? held ?? inLine(circumstances, provider);
}

function runs({ stage, stageSince }: Circumstances['evaluation']): Reason {
  const where = stage === null ? 'just begun' : `stage ${stage} since ${stageSince ?? 'a moment ago'}`;
  return { kind: 'running', words: where };
}

function ofItsBatch(batch: BatchStatus): Reason | undefined {
  const { name, tenant } = batch;
  if (batch.paused) return { kind: 'paused', words: `its batch is paused: evalpool resume ${name}` };
  if (batch.maxCostUsd !== null && batch.spentUsd >= batch.maxCostUsd)
    return {
      kind: 'budget',
      words: `its batch has spent ${usd(batch.spentUsd)} of ${usd(batch.maxCostUsd)}`,
    };
  if (batch.maxSandboxS !== null && batch.spentSandboxS >= batch.maxSandboxS)
    return {
      kind: 'budget',
      words: `its batch has used ${hours(batch.spentSandboxS)} of ${hours(batch.maxSandboxS)}`,
    };
  if (batch.maxRunning !== null && batch.load >= batch.maxRunning)
    return { kind: 'cap', words: `its batch runs ${batch.load} at once, its cap` };
  if (batch.tenantMaxRunning !== null && batch.tenantLoad >= batch.tenantMaxRunning)
    return { kind: 'cap', words: `tenant ${tenant} runs ${batch.tenantLoad} at once, its cap` };
  return undefined;
}

function backOff({ notBeforeS }: Circumstances['evaluation']): Reason | undefined {
  if (notBeforeS === null || notBeforeS <= 0) return undefined;
  return { kind: 'back-off', words: `it is tried again in ${notBeforeS.toFixed(0)} s` };
}

function heldBack(provider: ProviderStatus): Reason | undefined {
  const { name, breaker, breakerReason, breakerForS } = provider;
  if (breaker === 'closed') return undefined;
  const next =
    breaker === 'open'
      ? `the next try is in ${Math.max(0, breakerForS ?? 0).toFixed(0)} s`
      : 'one try is under way';
  return {
    kind: 'breaker',
    words: `provider ${name} fails for everybody (${breakerReason ?? 'unknown'}); ${next}`,
  };
}

function free(provider: ProviderStatus): Reason {
  const { name, held, slots, nextCreateS, createsPerS, slowDown } = provider;
  if (held >= slots) return { kind: 'slot', words: `all ${slots} slots of ${name} are held${why(provider)}` };
  if (nextCreateS > 0) {
    const slowed = slowDown > 1 ? `, slowed ${slowDown.toFixed(1)} times since it was asked too often` : '';
    return { kind: 'rate', words: `${name} allows ${createsPerS ?? '?'} creations a second${slowed}` };
  }
  return { kind: 'evaluator', words: 'an evaluator is about to take it' };
}

function inLine({ evaluation, batch }: Circumstances, provider: ProviderStatus): Reason {
  const ahead = evaluation.ahead >= 1000 ? 'over a thousand' : String(evaluation.ahead);
  const share = `its batch (weight ${batch.weight}, tenant ${batch.tenant} weight ${batch.tenantWeight}) has ${batch.load} under way`;
  const slots = `${provider.held} of ${provider.slots} slots of ${provider.name} are held${why(provider)}`;
  return { kind: 'fair share', words: `${ahead} of its batch go before it; ${share}; ${slots}` };
}

function why({ maxSandboxes, reserve, foreign, seenLimit }: ProviderStatus): string {
  const parts = [
    reserve > 0 ? `${reserve} reserved` : '',
    foreign > 0 ? `${foreign} used by others` : '',
    seenLimit === null ? '' : `the provider refused more than ${seenLimit}`,
  ].filter(Boolean);
  return parts.length > 0 ? ` (of ${maxSandboxes}: ${parts.join(', ')})` : '';
}

function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

function hours(seconds: number): string {
  return `${(seconds / 3600).toFixed(2)} sandbox-hours`;
}
