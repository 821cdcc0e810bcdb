import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { inRange, level, perSecond, quantiles } from '../promql.ts';

const each = { by: ['provider'] } as const;
const probing = level(M.breaker, { ...each, where: { state: 'probing' } });
const open = level(M.breaker, { ...each, where: { state: 'open' } });
const breakerState = `${probing} + 2 * ${open}`;

/** What the ledger holds, and what should not be there. */
export const SANDBOXES: Row = {
  title: 'Sandboxes',
  panels: [
    {
      as: 'stack',
      title: 'The ledger',
      what: 'Each holds a slot. intended: asked for; alive; condemned: to be destroyed.',
      good: 'nearly all alive; intended and condemned only for moments.',
      ifNot:
        'condemned that stay: the provider does not confirm destroys; intended that stay: replies are lost. Both settle by themselves within three minutes.',
      unit: 'short',
      width: 8,
      shows: { '{{provider}} {{state}}': level(M.sandboxes, { by: ['provider', 'state'] }) },
    },
    {
      as: 'stat',
      title: 'Leaked',
      what: 'Ours, at the provider, but not in the ledger, as of the last listing.',
      good: '0.',
      ifNot:
        'they are destroyed at once and end by themselves after two minutes; if they keep coming, read the runbook.',
      unit: 'short',
      width: 4,
      shows: { '{{provider}}': level(M.sandboxesLeaked, each) },
      colors: [
        [null, 'green'],
        [1, 'red'],
      ],
    },
    {
      as: 'stat',
      title: 'Of others',
      what: 'Sandboxes in the same account that are not this deployment’s: they lower our slots.',
      good: '0, or what you know of.',
      ifNot: 'find who uses the account, or set a reserve: `evalpool providers set NAME --reserve N`.',
      unit: 'short',
      width: 4,
      shows: { '{{provider}}': level(M.sandboxesForeign, each) },
      colors: [
        [null, 'green'],
        [1, 'orange'],
      ],
    },
    {
      as: 'lines',
      title: 'Destroyed by the reaper',
      what: 'Sandboxes that nobody owned: of lost processes, of creations whose reply was lost.',
      good: 'none, but after a worker was killed.',
      ifNot:
        'a steady trickle means that replies of the provider are lost, or evaluators die: see *Workers and queue*.',
      unit: 'cpm',
      width: 8,
      shows: { '{{provider}}': `${perSecond(M.sandboxesReaped, each)} * 60` },
    },
  ],
};

/** Whether the provider and the reaper are well. */
export const HEALTH: Row = {
  title: 'Health',
  panels: [
    {
      as: 'timeline',
      title: 'Breaker',
      what: 'Opens after five failures in a row that meet everybody; then one creation at a time tries again.',
      good: 'closed.',
      ifNot: 'the provider is away or refuses us: `evalpool providers` shows its words.',
      unit: 'none',
      width: 8,
      shows: { '{{provider}}': breakerState },
      states: { 0: ['closed', 'green'], 1: ['probing', 'orange'], 2: ['open', 'red'] },
    },
    {
      as: 'lines',
      title: 'Failures that meet everybody',
      good: 'none.',
      ifNot:
        'the code is explained in docs/errors.md. PROVIDER_REFUSED: key or account. PROVIDER_UNREACHABLE: address or network.',
      unit: 'cpm',
      width: 8,
      shows: { '{{provider}} {{error}}': `${perSecond(M.outages, { by: ['provider', 'error'] })} * 60` },
    },
    {
      as: 'lines',
      title: 'Sweeps of the reaper',
      what: 'It looks every two seconds.',
      good: 'about 30 a minute for each reaper and provider, all of them ok.',
      ifNot: 'failed: the database is away. Fewer: the provider answers slowly, see the time beside.',
      unit: 'cpm',
      width: 8,
      shows: {
        '{{provider}} {{outcome}}': `${perSecond(M.reaperRuns, { by: ['provider', 'outcome'] })} * 60`,
      },
    },
    {
      as: 'lines',
      title: 'Time of a sweep',
      good: 'well below two seconds.',
      ifNot: 'the provider lists or destroys slowly: slots come back late.',
      unit: 's',
      width: 8,
      shows: quantiles('{{provider}}', M.reaperSeconds, each),
    },
    {
      as: 'stat',
      title: 'Processes lost',
      what: 'In the time shown: they stopped beating, and their work was handed back.',
      good: '0.',
      ifNot: 'look for what killed them: memory, a node that went away. Their work is done again by itself.',
      unit: 'short',
      width: 4,
      shows: { lost: inRange(M.processesLost) },
      colors: [
        [null, 'green'],
        [1, 'orange'],
      ],
    },
  ],
};
