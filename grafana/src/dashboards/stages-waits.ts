import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { buckets, quantiles } from '../promql.ts';

const each = { by: ['provider'] } as const;

/** How long evaluations wait before their first stage. */
export const WAITS: Row = {
  title: 'Before the first stage',
  panels: [
    {
      as: 'heatmap',
      title: 'Wait in the queue',
      what: 'From acceptance, or the last hand-back, to the claim.',
      good: 'for a night it climbs to hours: a batch larger than the slots waits.',
      ifNot: 'an interactive batch should not wait so: raise its weight, `evalpool change BATCH --weight`.',
      unit: 's',
      width: 6,
      shows: { '{{le}}': buckets(M.queueWaitSeconds) },
    },
    {
      as: 'lines',
      title: 'Wait in the queue, quantiles',
      good: 'steady, or falling towards the end of a batch.',
      ifNot: 'see *Tenants*: somebody has less than their share.',
      unit: 's',
      width: 6,
      shows: quantiles('{{provider}}', M.queueWaitSeconds, each),
    },
    {
      as: 'heatmap',
      title: 'Wait for a slot',
      what: 'From the queue to the right to create.',
      good: 'below the duration of an evaluation.',
      ifNot: 'much longer: slots are not given back, or creations are limited; see *Provider and limits*.',
      unit: 's',
      width: 6,
      shows: { '{{le}}': buckets(M.slotWaitSeconds) },
    },
    {
      as: 'lines',
      title: 'Wait for a slot, quantiles',
      good: 'steady.',
      ifNot: 'see *Provider and limits*.',
      unit: 's',
      width: 6,
      shows: quantiles('{{provider}}', M.slotWaitSeconds, each),
    },
  ],
};

/** From the claim to the result. */
export const WHOLE: Row = {
  title: 'The whole evaluation',
  panels: [
    {
      as: 'heatmap',
      title: 'Duration',
      what: 'From the claim of the last attempt to its result.',
      good: 'one or a few bands that keep their height.',
      ifNot: 'find the stage above that grew.',
      unit: 's',
      width: 12,
      shows: { '{{le}}': buckets(M.evaluationSeconds) },
    },
    {
      as: 'lines',
      title: 'Duration by outcome',
      good: 'passed and failed take about the same; timed_out what the specs allow.',
      ifNot: 'find the stage above that grew.',
      unit: 's',
      width: 12,
      shows: quantiles('{{outcome}}', M.evaluationSeconds, { by: ['outcome'] }),
    },
  ],
};
