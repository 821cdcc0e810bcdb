import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { level, perSecond, quantiles } from '../promql.ts';

const each = { by: ['provider'] } as const;
const held = level(M.slotsHeld, each);
const allowed = level(M.slotsLimit, each);
/** What spacing and slow-down leave of the provider's own rate; nothing where it has none. */
const fastest = `${level(M.creationsLimit, each)} / 1.1 / ${level(M.slowDown, each)}`;
const sent = perSecond(M.creations, each);
const created = { ...each, where: { stage: 'create', outcome: 'ok' } } as const;

/** How much of what the accounts allow is in use. */
export const SLOTS: Row = {
  title: 'Slots',
  panels: [
    {
      as: 'stat',
      title: 'Slots in use',
      good: 'near 100 % while work waits, 0 after it.',
      ifNot:
        'idle while work waits: see the creations below, whether the breaker is open, and whether evaluators are alive.',
      unit: 'percentunit',
      width: 6,
      shows: { '{{provider}}': `${held} / (${allowed} > 0)` },
      colors: [[null, 'blue']],
    },
    {
      as: 'lines',
      title: 'Slots held and allowed',
      what: 'Allowed: the provider’s limit less reserve, sandboxes of others and what it refused lately.',
      good: 'held follows allowed while work waits, and is never above it. Allowed equals the limit less the reserve.',
      ifNot:
        'allowed is below the limit: others use the account, or it gives less than was set. `evalpool providers` says which.',
      unit: 'short',
      width: 10,
      shows: {
        '{{provider}} held': held,
        '{{provider}} allowed': allowed,
        '{{provider}} limit of the account': level(M.sandboxesLimit, each),
      },
    },
    {
      as: 'lines',
      title: 'Wait for a slot',
      what: 'Of dispatched evaluations, until they may create.',
      good: 'about half an evaluation’s duration: the queue is kept half again as long as there are slots.',
      ifNot: 'it grows with the queue’s window only if slots are not given back: see the ledger below.',
      unit: 's',
      width: 8,
      shows: quantiles('{{provider}}', M.slotWaitSeconds, each),
    },
  ],
};

/** Creations, what limits them, and what providers answer. */
export const CREATIONS: Row = {
  title: 'Creations',
  panels: [
    {
      as: 'lines',
      title: 'Creations against their limit',
      what: 'Spaced 1.1 / rate apart, so that no window of a second holds more than the rate.',
      good: 'below the account’s limit at every moment. At “fastest now” creations are what the night waits for.',
      ifNot:
        'at the line for hours with slots free: a tier with a higher rate, or longer evaluations in fewer sandboxes.',
      unit: 'cps',
      width: 8,
      shows: {
        '{{provider}} sent': sent,
        '{{provider}} fastest now': fastest,
        '{{provider}} limit of the account': level(M.creationsLimit, each),
      },
    },
    {
      as: 'stack',
      title: 'How creations end',
      good: 'created, and nothing else.',
      ifNot: 'refused: see the refusals; failed: the provider is not well, or replies are lost on the way.',
      unit: 'cps',
      width: 8,
      shows: { '{{provider}} {{outcome}}': perSecond(M.creations, { by: ['provider', 'outcome'] }) },
    },
    {
      as: 'lines',
      title: 'Refusals (429)',
      what: 'capacity: it holds as many sandboxes as it lets us; rate: it was asked too often.',
      good: 'none: we keep below the limits by ourselves.',
      ifNot:
        'others use the account, or the limits are set higher than they are: `evalpool providers set` with what the account really has.',
      unit: 'cpm',
      width: 8,
      shows: { '{{provider}} {{kind}}': `${perSecond(M.refusals, { by: ['provider', 'kind'] })} * 60` },
    },
    {
      as: 'lines',
      title: 'Slow-down of creations',
      what: 'Doubled at each “too often”, quickening again by 2 % a second.',
      good: '1: not slowed.',
      ifNot: 'the creation rate is set too high, or others create in the same account.',
      unit: 'none',
      width: 8,
      shows: { '{{provider}}': level(M.slowDown, each) },
    },
    {
      as: 'lines',
      title: 'Time to create',
      what: 'Of creations that succeeded.',
      good: 'well below a second, the same all night.',
      ifNot: 'it grows with the load of the provider: nothing of ours waits within it.',
      unit: 's',
      width: 8,
      shows: quantiles('{{provider}}', M.stageSeconds, created),
    },
    {
      as: 'lines',
      title: 'Waiting for a slot',
      what: 'Evaluations that evaluators have taken from the queue and that wait for a slot or their turn to create.',
      good: 'about half the number of slots while work waits, else none.',
      ifNot: 'none while work waits: evaluators take nothing, see *Workers and queue*.',
      unit: 'short',
      width: 8,
      shows: { '{{provider}}': level(M.slotWaiters, each) },
    },
  ],
};
