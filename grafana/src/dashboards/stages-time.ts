import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { atOnce, buckets, level, perSecond, quantile, quantiles } from '../promql.ts';

const inAll = { by: ['stage'], where: { template: '~$template' }, over: '$__range' } as const;
const chosen = { stage: '~$stage', template: '~$template' } as const;

/** Which stages the time of sandboxes goes to. */
export const WHERE_TIME_GOES: Row = {
  title: 'Where the time goes',
  panels: [
    {
      as: 'table',
      title: 'Stages',
      what: 'Over the time shown, whatever way they ended.',
      good: 'test takes most, create, patch, collect and destroy next to nothing.',
      ifNot:
        'a long fetch or set-up is the same work again and again: put it into a template, or let the evaluator keep a mirror.',
      unit: 's',
      width: 10,
      shows: quantiles('', M.stageSeconds, inAll),
    },
    {
      as: 'stack',
      title: 'Sandboxes by stage',
      what: 'Evaluations that are in a stage, now.',
      good: 'most are in test.',
      ifNot: 'many in one other stage: that is what the night waits for.',
      unit: 'short',
      width: 7,
      shows: { '{{stage}}': level(M.attemptsRunning, { by: ['stage'], where: { stage: '~$stage' } }) },
    },
    {
      as: 'stack',
      title: 'Time spent by stage',
      what: 'Seconds of stages that ended, a second: how many sandboxes each keeps busy on average.',
      good: 'as beside.',
      ifNot: 'it counts a stage when it ends, so a stage that hangs shows beside and not here.',
      unit: 'short',
      width: 7,
      shows: { '{{stage}}': atOnce(M.stageSeconds, { by: ['stage'], where: chosen }) },
    },
  ],
};

/** The stages that are picked at the top, closely. */
export const CHOSEN_STAGES: Row = {
  title: 'The chosen stages',
  panels: [
    {
      as: 'heatmap',
      title: 'How long they took',
      good: 'one or a few bands that keep their height.',
      ifNot:
        'a band that climbs: everything grows slower, look at the provider. A new band far above: some wait for a time-out.',
      unit: 's',
      width: 12,
      shows: { '{{le}}': buckets(M.stageSeconds, chosen) },
    },
    {
      as: 'lines',
      title: 'Quantiles by stage',
      good: 'level lines.',
      ifNot: 'the points are single evaluations, with their ids: `evalpool explain` shows one.',
      unit: 's',
      width: 12,
      shows: quantiles('{{stage}}', M.stageSeconds, { by: ['stage'], where: chosen }),
    },
    {
      as: 'lines',
      title: 'p95 by template',
      good: 'templates that do the same take the same.',
      ifNot: 'one stands out: its image is larger, or it lacks what others have prepared.',
      unit: 's',
      width: 8,
      shows: {
        '{{stage}} {{template}}': quantile(0.95, M.stageSeconds, {
          by: ['stage', 'template'],
          where: chosen,
        }),
      },
    },
    {
      as: 'lines',
      title: 'p95 by outcome',
      what: 'ok, the outcome that the error gives, or aborted.',
      good: 'failures are no slower than what is ok.',
      ifNot: 'slow infra_error: time-outs of ours; slow timed_out: as long as the spec allows.',
      unit: 's',
      width: 8,
      shows: {
        '{{stage}} {{outcome}}': quantile(0.95, M.stageSeconds, {
          by: ['stage', 'outcome'],
          where: chosen,
        }),
      },
    },
    {
      as: 'stack',
      title: 'How stages end',
      good: 'nearly all ok.',
      ifNot: 'infra_error in one stage: *Night at a glance* names the code.',
      unit: 'cps',
      width: 8,
      shows: {
        '{{stage}} {{outcome}}': perSecond(M.stageSeconds, { by: ['stage', 'outcome'], where: chosen }),
      },
    },
  ],
};
