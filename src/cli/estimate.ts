import { longestSeconds } from '../intake/session-limit.ts';
import type { SpecInput } from '../spec.ts';
import { costOf, type Tier } from '../slots/tiers.ts';

/** What a batch may take at most, if every stage runs into its deadline and nothing is retried. */
export interface Estimate {
  specs: number;
  longestSpecSeconds: number;
  sandboxSeconds: number;
  costUsd: number;
  /** From the first create to the last destroy. */
  wallSeconds: number;
}

/** Nothing counted yet. */
export function noEstimate(): Estimate {
  return { specs: 0, longestSpecSeconds: 0, sandboxSeconds: 0, costUsd: 0, wallSeconds: 0 };
}

/** Takes one more spec into account. */
export function addToEstimate(estimate: Estimate, spec: SpecInput, tier: Tier): void {
  const seconds = longestSeconds(spec);
  estimate.specs += 1;
  estimate.sandboxSeconds += seconds;
  estimate.longestSpecSeconds = Math.max(estimate.longestSpecSeconds, seconds);
  estimate.costUsd = costOf(tier, estimate.sandboxSeconds);
  // No schedule that keeps all slots busy takes longer than this.
  const working = estimate.sandboxSeconds / tier.maxSandboxes + estimate.longestSpecSeconds;
  const creating = tier.createsPerS === null ? 0 : (estimate.specs * 1.1) / tier.createsPerS;
  estimate.wallSeconds = Math.max(working, creating + estimate.longestSpecSeconds);
}
