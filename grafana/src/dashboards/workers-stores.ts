import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { buckets, level, perSecond, quantiles } from '../promql.ts';

/** The truth. */
export const POSTGRES: Row = {
  title: 'Postgres',
  panels: [
    {
      as: 'heatmap',
      title: 'Time of queries',
      good: 'nearly all in the lowest buckets.',
      ifNot: 'a band that climbs: the server is short of cpu, memory or disk, or needs a vacuum.',
      unit: 's',
      width: 6,
      shows: { '{{le}}': buckets(M.databaseSeconds) },
    },
    {
      as: 'lines',
      title: 'Time of queries, quantiles',
      good: 'p50 of a few milliseconds.',
      ifNot: 'as beside.',
      unit: 's',
      width: 5,
      shows: quantiles('', M.databaseSeconds),
    },
    {
      as: 'lines',
      title: 'Queries',
      good: 'ok; some ten a second when idle.',
      ifNot: 'failed: Postgres is away or full; read the processes’ logs.',
      unit: 'cps',
      width: 5,
      shows: { '{{outcome}}': perSecond(M.databaseSeconds, { by: ['outcome'] }) },
    },
    {
      as: 'stack',
      title: 'Connections',
      what: 'Of all processes: used, idle, and queries that wait for one.',
      good: 'none waiting for longer than a moment; used and idle together below what the server allows.',
      ifNot: 'many waiting: Postgres answers slowly, or a process has more slots than its pool serves.',
      unit: 'short',
      width: 4,
      shows: { '{{state}}': level(M.databaseConnections, { by: ['state'] }) },
    },
    {
      as: 'lines',
      title: 'Size of the database',
      good: 'it grows with results.',
      ifNot: '`evalpool prune --older-than 30d` removes old batches.',
      unit: 'bytes',
      width: 4,
      shows: { size: level(M.databaseSize) },
    },
  ],
};

/** Hints and wake-ups. */
export const REDIS: Row = {
  title: 'Redis',
  panels: [
    {
      as: 'lines',
      title: 'Answer to a ping',
      what: 'From each process, at the scrape.',
      good: 'below a few milliseconds.',
      ifNot: 'a gap: that process does not reach Redis. Nothing is lost, but nothing new starts.',
      unit: 's',
      width: 12,
      shows: { '{{instance}}': level(M.redisSeconds, { by: ['instance'] }) },
    },
    {
      as: 'lines',
      title: 'Memory of Redis',
      good: 'some megabytes, the same for ten evaluations and a million: queues are shallow.',
      ifNot: 'other users of the same Redis, or an intake queue that nobody works off.',
      unit: 'bytes',
      width: 12,
      shows: { used: level(M.redisMemory) },
    },
  ],
};
