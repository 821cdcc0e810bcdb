import { describe, expect, test } from 'vitest';
import type { BatchStatus, ProviderStatus } from '../../src/database/read-status.ts';
import { waitingFor, type Circumstances } from '../../src/reports/waiting-for.ts';

const provider: ProviderStatus = {
  name: 'pro',
  tier: 'pro',
  held: 3,
  slots: 10,
  maxSandboxes: 10,
  reserve: 0,
  foreign: 0,
  seenLimit: null,
  createsPerS: 5,
  slowDown: 1,
  nextCreateS: 0,
  breaker: 'closed',
  breakerReason: null,
  breakerForS: null,
  dispatched: 0,
  running: 3,
  longestSessionS: 86_400,
  evaluators: 1,
};
const batch: BatchStatus = {
  id: '1',
  name: 'nightly',
  tenant: 'default',
  provider: 'pro',
  state: 'sealed',
  paused: false,
  cancelled: false,
  total: 100,
  ended: 10,
  load: 3,
  running: 3,
  weight: 1,
  maxRunning: null,
  maxCostUsd: null,
  spentUsd: 1,
  maxSandboxS: null,
  spentSandboxS: 3600,
  tenantWeight: 1,
  tenantMaxRunning: null,
  tenantLoad: 3,
  deadlineAt: null,
  createdAt: new Date(0),
};
const evaluation: Circumstances['evaluation'] = {
  state: 'waiting',
  notBeforeS: null,
  ahead: 7,
  stage: null,
  stageSince: null,
  workersLost: 0,
};

function reasonOf(changes: {
  evaluation?: Partial<Circumstances['evaluation']>;
  batch?: Partial<BatchStatus>;
  provider?: Partial<ProviderStatus>;
}): { kind: string; words: string } {
  return waitingFor({
    evaluation: { ...evaluation, ...changes.evaluation },
    batch: { ...batch, ...changes.batch },
    provider: { ...provider, ...changes.provider },
  });
}

describe('what an evaluation waits for', () => {
  test.each<[kind: string, changes: Parameters<typeof reasonOf>[0], words: string]>([
    ['fair share', {}, '7 of its batch go before it'],
    ['fair share', { provider: { reserve: 2, foreign: 1, slots: 7 } }, 'of 10: 2 reserved, 1 used by others'],
    ['paused', { batch: { paused: true } }, 'evalpool resume nightly'],
    ['budget', { batch: { maxCostUsd: 1 } }, '$1.00 of $1.00'],
    ['budget', { batch: { maxSandboxS: 3600 } }, '1.00 sandbox-hours'],
    ['cap', { batch: { maxRunning: 3 } }, 'its batch runs 3 at once'],
    ['cap', { batch: { tenantMaxRunning: 3 } }, 'tenant default runs 3'],
    ['back-off', { evaluation: { notBeforeS: 12.2 } }, 'in 12 s'],
    ['breaker', { provider: { breaker: 'open', breakerReason: 'refused', breakerForS: 5 } }, 'refused'],
    ['evaluator', { provider: { evaluators: 0 } }, 'start one'],
    ['cancelled', { batch: { cancelled: true } }, 'cancelled'],
    ['slot', { evaluation: { state: 'dispatched' }, provider: { held: 10 } }, 'all 10 slots'],
    [
      'rate',
      { evaluation: { state: 'dispatched' }, provider: { nextCreateS: 0.2, slowDown: 2 } },
      'slowed 2.0 times',
    ],
    ['evaluator', { evaluation: { state: 'dispatched' } }, 'about to take it'],
    [
      'running',
      { evaluation: { state: 'running', stage: 'test', stageSince: 'then' } },
      'stage test since then',
    ],
    ['nothing', { evaluation: { state: 'finished' } }, 'ended'],
  ])('%s: %j', (kind, changes, words) => {
    const reason = reasonOf(changes);
    expect(reason.kind).toBe(kind);
    expect(reason.words).toContain(words);
  });

  test('without any evaluator ever, that is what it waits for', () => {
    expect(waitingFor({ evaluation, batch, provider: undefined }).kind).toBe('evaluator');
  });
});
