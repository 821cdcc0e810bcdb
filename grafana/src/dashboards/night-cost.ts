import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { inRange, level, named, perSecond } from '../promql.ts';

const graded = inRange(M.evaluations, { where: { outcome: '~passed|failed|timed_out' } });

/** Money, and the hours of sandboxes that it buys. */
export const WHAT_IT_COSTS: Row = {
  title: 'What does it cost?',
  panels: [
    {
      as: 'stat',
      title: 'Spent',
      what: 'In the time shown, by the tier’s published prices for the default size; 0 for `local`.',
      good: 'what a night usually costs.',
      ifNot: 'the course beside shows since when; *Tenants* shows whose.',
      unit: 'currencyUSD',
      width: 4,
      shows: { spent: inRange(M.costUsd) },
      colors: [[null, 'blue']],
    },
    {
      as: 'stat',
      title: 'For each graded evaluation',
      good: 'the same from night to night.',
      ifNot: 'it rises with retries, with evaluations that ended without a verdict, and with slower stages.',
      unit: 'currencyUSD',
      width: 4,
      shows: { 'for each': `${inRange(M.costUsd)} / (${graded} > 0)` },
      colors: [[null, 'blue']],
    },
    {
      as: 'stat',
      title: 'Sandbox hours',
      good: 'what a night usually takes.',
      ifNot: 'as for the cost beside.',
      unit: 'h',
      width: 4,
      shows: { hours: `${inRange(M.sandboxSeconds)} / 3600` },
      colors: [[null, 'blue']],
    },
    {
      as: 'lines',
      title: 'Spending',
      what: 'US dollars an hour, by provider.',
      good: 'flat while a batch runs, zero after it.',
      ifNot: 'spending while nothing runs is a leak: see *Provider and limits*.',
      unit: 'currencyUSD',
      width: 6,
      shows: { '{{provider}}': `${perSecond(M.costUsd, { by: ['provider'] })} * 3600` },
    },
    {
      as: 'lines',
      title: 'Budget used',
      what: 'Of money or of sandbox hours, whichever is nearer its end. At 100 % the batch stands still.',
      good: 'each line stays below its batch’s progress.',
      ifNot: '`evalpool change BATCH --max-cost` raises it.',
      unit: 'percentunit',
      width: 6,
      shows: { '{{batch}}': named(level(M.batchBudget, { by: ['place'] })) },
    },
  ],
};
