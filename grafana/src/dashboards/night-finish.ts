import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { level, named } from '../promql.ts';

const place = { by: ['place'] } as const;
const ended = level(M.batchEnded, place);
const graded = level(M.batchEnded, { ...place, where: { outcome: '~passed|failed|timed_out' } });
const passed = level(M.batchEnded, { ...place, where: { outcome: 'passed' } });
const progress = `${ended} / (${level(M.batchTotal, place)} > 0)`;
/** Seconds between the end as it looks now and the deadline. */
const spare = `(${level(M.batchDeadline, place)} - time() - ${level(M.batchEta, place)})`;

/** Seconds to spare. */
const LATE = [
  [null, 'red'],
  [0, 'orange'],
  [1800, 'green'],
] as const;

/** The newest batches, their pace and what is left of them. */
export const WILL_IT_FINISH: Row = {
  title: 'Will it finish?',
  panels: [
    {
      as: 'stat',
      title: 'Before the nearest deadline',
      what: 'By how much the batch with the least time to spare will be done before its deadline.',
      good: 'above zero.',
      ifNot: 'the table beside says which batch it is; the runbook (docs/runbooks.md) what can be done.',
      unit: 's',
      width: 4,
      shows: { spare: `min(${named(spare)})` },
      colors: LATE,
      none: 'no deadline',
    },
    {
      as: 'table',
      title: 'Batches',
      what: 'The newest few; those that have not finished come first.',
      good: '“spare” is above zero: so long before its deadline the batch will be done.',
      ifNot:
        'sort by “spare”. A negative one misses its deadline at this pace; an empty “to the end” is a batch of which nothing has ended for ten minutes.',
      unit: 'short',
      width: 20,
      colors: LATE,
      shows: {
        evaluations: named(level(M.batchTotal, place)),
        ended: named(progress),
        'to the end': named(level(M.batchEta, place)),
        spare: named(spare),
        'pass rate': named(`(${passed} / (${graded} > 0))`),
        'infra errors': named(level(M.batchEnded, { ...place, where: { outcome: 'infra_error' } })),
        'sandbox hours': named(`${level(M.batchSandboxSeconds, place)} / 3600`),
        cost: named(level(M.batchCost, place)),
        'budget used': named(level(M.batchBudget, place)),
        made: named(`${level(M.batchStarted, place)} * 1000`),
      },
      hidden: ['place'],
      colored: ['spare'],
      units: {
        ended: 'percentunit',
        'to the end': 's',
        spare: 's',
        'pass rate': 'percentunit',
        'sandbox hours': 'h',
        cost: 'currencyUSD',
        'budget used': 'percentunit',
        made: 'dateTimeFromNow',
      },
    },
    {
      as: 'lines',
      title: 'Progress',
      what: 'Evaluations that have ended, of all that the batch has so far.',
      good: 'each line climbs steadily to 100 %. A line that falls is a batch that is still being fed.',
      ifNot: 'a flat line is a batch that is paused, out of budget, or stuck: `evalpool status` says which.',
      unit: 'percentunit',
      width: 8,
      shows: { '{{batch}}': named(progress) },
    },
    {
      as: 'lines',
      title: 'Time to the end',
      what: 'At the pace of the last ten minutes, against the time that is left to the deadline.',
      good: 'the time to the end stays below the time to the deadline, and both fall by an hour an hour.',
      ifNot:
        'see below what waits, and on *Provider and limits* what holds it back; more slots, or `evalpool pause` for another batch, make it faster.',
      unit: 's',
      width: 8,
      shows: {
        '{{batch}}': named(level(M.batchEta, place)),
        '{{batch}}: to the deadline': named(`(${level(M.batchDeadline, place)} - time() > 0)`),
      },
    },
    {
      as: 'stack',
      title: 'What has not ended',
      what: 'waiting: not dispatched yet; paused: held back by people or a spent budget; dispatched: in the queue, waits for a slot.',
      good: 'running is as high as the slots, dispatched about half of that, and waiting falls.',
      ifNot: 'much that is dispatched while little runs: no evaluator takes it, or creations are limited.',
      unit: 'short',
      width: 8,
      shows: { '{{state}}': level(M.backlog, { by: ['state'] }) },
    },
  ],
};
