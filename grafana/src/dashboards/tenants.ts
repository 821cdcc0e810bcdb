import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import { choice, type Plan, type Row } from '../lay-out.ts';
import { inRange, level, perSecond } from '../promql.ts';

const of = { by: ['tenant'], where: { tenant: '~$tenant' } } as const;
const GRADED = { tenant: '~$tenant', outcome: '~passed|failed|timed_out' } as const;
const PASSED = { tenant: '~$tenant', outcome: 'passed' } as const;

const SHARES: Row = {
  title: 'Shares',
  panels: [
    {
      as: 'stack',
      title: 'Waiting',
      what: 'Evaluations that wait to be dispatched, of batches that are not paused.',
      good: 'each falls, the small ones first.',
      ifNot: 'one does not fall: see its share beside.',
      unit: 'short',
      width: 8,
      shows: { '{{tenant}}': level(M.tenantWaiting, of) },
    },
    {
      as: 'stack',
      title: 'Under way',
      what: 'Dispatched or running.',
      good: 'in proportion to the weights of those who have work.',
      ifNot: '`evalpool tenant NAME --weight` or `--max-running` changes it at once.',
      unit: 'short',
      width: 8,
      shows: { '{{tenant}}': level(M.tenantUnderWay, of) },
    },
    {
      as: 'lines',
      title: 'Less than its share',
      what: 'Places that a tenant with waiting work has less than its weight would give it; below 0: more.',
      good: 'near 0, but for the moments in which somebody comes or goes.',
      ifNot:
        'above 0 for long: a cap (`evalpool tenant`), a provider that is full, or long evaluations of others.',
      unit: 'short',
      width: 8,
      shows: { '{{tenant}}': level(M.tenantDeficit, of) },
    },
    {
      as: 'stack',
      title: 'Evaluations ended',
      good: 'every tenant with work has a band.',
      ifNot: 'a band that ends while work waits: see its share above.',
      unit: 'cpm',
      width: 12,
      shows: { '{{tenant}}': `${perSecond(M.tenantEvaluations, of)} * 60` },
    },
    {
      as: 'lines',
      title: 'Pass rate',
      what: 'Passed of graded.',
      good: 'what the tenant’s candidates usually reach.',
      ifNot: 'a sudden fall: a template, a set-up or a model has changed.',
      unit: 'percentunit',
      width: 12,
      shows: {
        '{{tenant}}': `${perSecond(M.tenantEvaluations, { ...of, where: PASSED })} / (${perSecond(M.tenantEvaluations, { ...of, where: GRADED })} > 0)`,
      },
    },
  ],
};

const USE: Row = {
  title: 'Use',
  panels: [
    {
      as: 'table',
      title: 'In all',
      what: 'In the time shown.',
      good: 'no tenant is a surprise.',
      ifNot: 'many evaluations, few graded: *Night at a glance* names the reasons.',
      unit: 'short',
      width: 12,
      shows: {
        ended: inRange(M.tenantEvaluations, of),
        'pass rate': `${inRange(M.tenantEvaluations, { ...of, where: PASSED })} / (${inRange(M.tenantEvaluations, { ...of, where: GRADED })} > 0)`,
        'sandbox hours': `${inRange(M.sandboxSeconds, of)} / 3600`,
        cost: inRange(M.costUsd, of),
      },
      units: { 'pass rate': 'percentunit', 'sandbox hours': 'h', cost: 'currencyUSD' },
    },
    {
      as: 'bars',
      title: 'Cost',
      what: 'In the time shown.',
      good: 'what each has agreed to.',
      ifNot: 'a budget for the next batch: `--max-cost`.',
      unit: 'currencyUSD',
      width: 6,
      shows: { '{{tenant}}': inRange(M.costUsd, of) },
      colors: [[null, 'blue']],
    },
    {
      as: 'stack',
      title: 'Sandboxes in use',
      what: 'Seconds of sandboxes a second, counted when each ends: how many a tenant keeps busy on average.',
      good: 'in proportion to the weights.',
      ifNot: 'one with few evaluations and many sandboxes has long ones: see *Stages*.',
      unit: 'short',
      width: 6,
      shows: { '{{tenant}}': perSecond(M.sandboxSeconds, of) },
    },
  ],
};

/** Who waits, who works, who pays. The first few tenants by name, the rest as `other`. */
export const TENANTS: Plan = {
  name: 'tenants',
  title: 'evalpool: tenants',
  about: 'What each tenant has waiting and under way, whether it gets its share, and what it uses.',
  variables: [choice(M.tenantEvaluations, 'tenant')],
  rows: [SHARES, USE],
};
