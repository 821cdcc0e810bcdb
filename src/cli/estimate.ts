import { Spec, type SpecInput } from '../spec.ts';
import { costOf, type Tier } from '../slots/tiers.ts';

/** What a batch may take at most, if every stage runs into its deadline and nothing is retried. */
export interface Estimate {
  specs: number;
  longestSpecSeconds: number;
  sandboxSeconds: number;
  costUsd: number;
  /** From the first create to the last destroy. */
  wallSeconds: number;
  /** Specs whose deadlines together pass the tier's longest session. */
  aboveTier: number;
}

/** Nothing counted yet. */
export function noEstimate(): Estimate {
  return { specs: 0, longestSpecSeconds: 0, sandboxSeconds: 0, costUsd: 0, wallSeconds: 0, aboveTier: 0 };
}

/** Takes one more spec into account. */
export function addToEstimate(estimate: Estimate, spec: SpecInput, tier: Tier): void {
  const seconds = longestSeconds(Spec.parse(spec));
  estimate.specs += 1;
  estimate.sandboxSeconds += seconds;
  estimate.longestSpecSeconds = Math.max(estimate.longestSpecSeconds, seconds);
  if (seconds > tier.longestSessionS) estimate.aboveTier += 1;
  estimate.costUsd = costOf(tier, estimate.sandboxSeconds);
  // No schedule that keeps all slots busy takes longer than this.
  const working = estimate.sandboxSeconds / tier.maxSandboxes + estimate.longestSpecSeconds;
  const creating = tier.createsPerS === null ? 0 : (estimate.specs * 1.1) / tier.createsPerS;
  estimate.wallSeconds = Math.max(working, creating + estimate.longestSpecSeconds);
}

function longestSeconds(spec: Spec): number {
  const { create, fetch, setup, patch, build, test, collect, destroy } = spec.timeouts;
  const parts = [create, test, collect, destroy];
  if (spec.repo !== undefined) parts.push(fetch);
  if (spec.setup !== undefined) parts.push(setup);
  if (spec.patch !== undefined || spec.files !== undefined || spec.testPatch !== undefined) parts.push(patch);
  if (spec.build !== undefined) parts.push(build);
  return parts.reduce((sum, seconds) => sum + seconds, 0);
}
