import type { BatchStatus, ProviderStatus } from '../database/read-status.ts';
import { harmlessLine } from '../harmless-text.ts';
import { plainTable } from './plain-table.ts';
import { duration } from './progress.ts';
import { percent } from './summary-line.ts';

/** One line for each provider: use, limits, and what lowers them. */
export function showProviders(providers: readonly ProviderStatus[]): string {
  if (providers.length === 0) return 'no provider is known: nothing has started yet';
  const table = plainTable([
    'provider',
    'tier',
    'limit',
    'slots',
    'running',
    'queued',
    'creations/s',
    'session',
    'state',
  ]);
  for (const provider of providers) {
    const { name, tier, maxSandboxes, held, slots, running, dispatched } = provider;
    const { createsPerS, slowDown, longestSessionS } = provider;
    const rate = createsPerS === null ? 'no limit' : (createsPerS / slowDown).toFixed(1);
    table.push([
      harmlessLine(name, 40),
      tier,
      maxSandboxes,
      `${held}/${slots}`,
      running,
      dispatched,
      rate,
      duration(longestSessionS),
      stateOf(provider),
    ]);
  }
  return table.toString();
}

function stateOf(provider: ProviderStatus): string {
  const { breaker, breakerReason, evaluators, reserve, foreign, seenLimit, slowDown } = provider;
  const parts = [
    evaluators === 0 ? 'NO EVALUATOR' : '',
    breaker === 'closed' ? '' : `BREAKER ${breaker}: ${harmlessLine(breakerReason ?? '', 100)}`,
    reserve > 0 ? `${reserve} reserved` : '',
    foreign > 0 ? `${foreign} used by others` : '',
    seenLimit === null ? '' : `lowered to ${seenLimit} by refusals`,
    slowDown > 1 ? `slowed ${slowDown.toFixed(1)}×` : '',
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'ok';
}

/** One line for each batch: how far it is, its share, its budget. */
export function showBatches(batches: readonly BatchStatus[]): string {
  if (batches.length === 0) return 'no batch is under way';
  const table = plainTable([
    'batch',
    'tenant',
    'state',
    'done',
    'running',
    'waiting',
    'weight',
    'budget',
    'deadline',
  ]);
  for (const batch of batches) {
    const { name, tenant, total, ended, load, running, weight } = batch;
    const done = `${ended}/${total} (${percent(total === 0 ? 1 : ended / total)} %)`;
    const waiting = Math.max(0, total - ended - load);
    table.push([
      harmlessLine(name, 60),
      harmlessLine(tenant, 30),
      wordFor(batch),
      done,
      running,
      waiting,
      weight,
      budget(batch),
      deadline(batch),
    ]);
  }
  return table.toString();
}

function wordFor({ state, paused, cancelled }: BatchStatus): string {
  if (cancelled) return state === 'finished' ? 'cancelled' : 'being cancelled';
  return paused && state !== 'finished' ? 'paused' : state;
}

function budget({ spentUsd, maxCostUsd, spentSandboxS, maxSandboxS }: BatchStatus): string {
  const money = maxCostUsd === null ? '' : ` of $${maxCostUsd.toFixed(2)}`;
  const time = maxSandboxS === null ? '' : ` of ${(maxSandboxS / 3600).toFixed(2)}`;
  return `$${spentUsd.toFixed(2)}${money}, ${(spentSandboxS / 3600).toFixed(2)}${time} h`;
}

function deadline({ deadlineAt, state }: BatchStatus): string {
  if (deadlineAt === null) return '';
  const leftS = (deadlineAt.getTime() - Date.now()) / 1000;
  if (state === 'finished') return deadlineAt.toISOString();
  return leftS > 0 ? `in ${duration(leftS)}` : `PAST by ${duration(-leftS)}`;
}
