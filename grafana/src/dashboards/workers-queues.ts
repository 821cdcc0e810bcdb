import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { level, perSecond, quantiles } from '../promql.ts';

/** BullMQ, kept shallow by the dispatcher. */
export const QUEUES: Row = {
  title: 'Queues',
  panels: [
    {
      as: 'stack',
      title: 'Jobs in BullMQ',
      what: 'A job is a hint that an evaluation was dispatched: the queue is kept shallow on purpose.',
      good: 'half again as many as there are slots while work waits, else none; nothing failed or delayed.',
      ifNot: 'many waiting: evaluators are missing. None while work waits: Redis or the dispatcher is away.',
      unit: 'short',
      width: 8,
      shows: { '{{queue}} {{state}}': level(M.queueJobs, { by: ['queue', 'state'] }) },
    },
    {
      as: 'lines',
      title: 'Window filled',
      what: 'Dispatched or running, of the 1.5 × slots that the dispatcher keeps in the queue.',
      good: '100 % while work waits.',
      ifNot:
        'less: caps of batches or tenants hold work back (`evalpool status` says so), or the breaker is open.',
      unit: 'percentunit',
      width: 8,
      shows: { '{{provider}}': level(M.windowFill, { by: ['provider'] }) },
    },
    {
      as: 'lines',
      title: 'Age of the oldest that waits',
      what: 'To be dispatched, of batches that are not paused.',
      good: 'it climbs while a batch larger than the slots is worked off, and falls to 0 with its last dispatch.',
      ifNot: 'it climbs without anything ending: see *Night at a glance*.',
      unit: 's',
      width: 8,
      shows: { '{{provider}}': level(M.oldestWaiting, { by: ['provider'] }) },
    },
  ],
};

/** The one that leads. */
export const DISPATCHER: Row = {
  title: 'Dispatcher',
  panels: [
    {
      as: 'stat',
      title: 'Leader',
      what: 'Of all dispatchers one leads.',
      good: 'one.',
      ifNot: 'none: nothing is dispatched. Look whether a dispatcher runs and whether it reaches Postgres.',
      unit: 'none',
      width: 4,
      shows: { leaders: level(M.leading) },
      none: 'no dispatcher',
      states: { 0: ['none', 'red'], 1: ['one', 'green'] },
    },
    {
      as: 'lines',
      title: 'Put into the queue',
      good: 'as much as ends.',
      ifNot: 'none while work waits: no leader, a breaker, or caps.',
      unit: 'cps',
      width: 5,
      shows: { '{{provider}}': perSecond(M.dispatched, { by: ['provider'] }) },
    },
    {
      as: 'lines',
      title: 'Jobs of the intake queue',
      good: 'accepted.',
      ifNot: 'refused: the producer’s job says why, in its failedReason.',
      unit: 'cpm',
      width: 5,
      shows: { '{{outcome}}': `${perSecond(M.intakeJobs, { by: ['outcome'] })} * 60` },
    },
    {
      as: 'lines',
      title: 'Sweep later than its second',
      good: 'milliseconds.',
      ifNot: 'the dispatcher’s machine is too busy, or Postgres answers slowly: see below.',
      unit: 's',
      width: 5,
      shows: { late: level(M.dispatchLag) },
    },
    {
      as: 'lines',
      title: 'Time of a round',
      good: 'tens of milliseconds, whatever waits.',
      ifNot: 'see the queries of Postgres below.',
      unit: 's',
      width: 5,
      shows: quantiles('', M.dispatchSeconds),
    },
  ],
};
