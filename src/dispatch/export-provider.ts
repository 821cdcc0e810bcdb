import type { LedgerCount, OldestWaiting } from '../database/read-figures.ts';
import type { BatchStatus, ProviderStatus } from '../database/read-status.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { WINDOW } from './dispatch.ts';

const LEDGER_STATES = ['intended', 'alive', 'condemned'] as const;
const BREAKER_STATES = ['closed', 'open', 'probing'] as const;

/** What was read for all providers. */
interface Read {
  ledger: readonly LedgerCount[];
  batches: readonly BatchStatus[];
  oldest: readonly OldestWaiting[];
}

/** Sets everything about one provider: limits, what is held of them, and what waits for it. */
export function exportProvider(metrics: Metrics, status: ProviderStatus, read: Read): void {
  const { name, slots, dispatched, running } = status;
  const provider = { provider: name };
  exportLimits(metrics, status);
  for (const state of LEDGER_STATES) {
    const row = read.ledger.find((each) => each.provider === name && each.state === state);
    metrics.sandboxes.set({ ...provider, state }, row?.count ?? 0);
  }
  const [waiting, paused] = countWaiting(read.batches.filter((batch) => batch.provider === name));
  const backlog = { waiting, paused, dispatched, running };
  for (const [state, count] of Object.entries(backlog)) metrics.backlog.set({ ...provider, state }, count);
  metrics.windowFill.set(provider, slots === 0 ? 0 : (dispatched + running) / Math.ceil(slots * WINDOW));
  const oldest = read.oldest.find((each) => each.provider === name);
  metrics.oldestWaiting.set(provider, oldest?.seconds ?? 0);
}

function exportLimits(metrics: Metrics, status: ProviderStatus): void {
  const provider = { provider: status.name };
  metrics.slotsHeld.set(provider, status.held);
  metrics.slotsLimit.set(provider, status.slots);
  metrics.sandboxesLimit.set(provider, status.maxSandboxes);
  if (status.createsPerS === null) metrics.creationsLimit.remove(provider);
  else metrics.creationsLimit.set(provider, status.createsPerS);
  metrics.slowDown.set(provider, status.slowDown);
  metrics.sandboxesForeign.set(provider, status.foreign);
  metrics.evaluators.set(provider, status.evaluators);
  for (const state of BREAKER_STATES)
    metrics.breaker.set({ ...provider, state }, status.breaker === state ? 1 : 0);
}

/** Evaluations that may be dispatched, and those that people or a spent budget hold back. */
function countWaiting(batches: readonly BatchStatus[]): [waiting: number, paused: number] {
  let [waiting, paused] = [0, 0];
  for (const batch of batches) {
    if (batch.cancelled) continue;
    if (batch.paused || isSpent(batch)) paused += waitingOf(batch);
    else waiting += waitingOf(batch);
  }
  return [waiting, paused];
}

function isSpent({ maxCostUsd, spentUsd, maxSandboxS, spentSandboxS }: BatchStatus): boolean {
  return spentUsd >= (maxCostUsd ?? Infinity) || spentSandboxS >= (maxSandboxS ?? Infinity);
}

/** How many of a batch wait to be dispatched. */
export function waitingOf({ total, ended, load }: BatchStatus): number {
  return Math.max(0, total - ended - load);
}
