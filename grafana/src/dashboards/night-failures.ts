import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { inRange, perSecond } from '../promql.ts';

const GRADED = '~passed|failed|timed_out';
const BY_ITSELF = `${GRADED}|invalid|infra_error`;
const notPassed = inRange(M.evaluations, {
  by: ['outcome', 'error'],
  where: { outcome: '~failed|timed_out|invalid|infra_error' },
});

/** What the candidates, the specs and we ourselves did wrong. */
export const WHAT_FAILS: Row = {
  title: 'What fails?',
  panels: [
    {
      as: 'stat',
      title: 'Pass rate',
      what: 'Passed of graded, in the time shown.',
      good: 'near what the candidates reached before; it is their figure, not ours.',
      ifNot: 'a sudden fall on every batch points at a template or a set-up: read a failed log.',
      unit: 'percentunit',
      width: 4,
      shows: { passed: `${count('passed')} / (${count(GRADED)} > 0)` },
      colors: [[null, 'blue']],
    },
    {
      as: 'stat',
      title: 'Completion',
      what: 'Graded of all that ended by itself: what lacks is invalid specs and errors of ours.',
      good: 'above 99 %.',
      ifNot: 'the panel beside names the reasons; `evalpool retry BATCH` evaluates infra errors again.',
      unit: 'percentunit',
      width: 4,
      shows: { graded: `${count(GRADED)} / (${count(BY_ITSELF)} > 0)` },
      colors: [
        [null, 'red'],
        [0.95, 'orange'],
        [0.99, 'green'],
      ],
    },
    {
      as: 'bars',
      title: 'Why not passed',
      what: 'In the time shown, the most frequent first.',
      good: 'most are the candidate’s: TESTS_FAILED, PATCH_FAILED, BUILD_FAILED, TEST_TIMED_OUT.',
      ifNot: 'infra_error is ours, invalid the spec’s: docs/errors.md says for each code what to do.',
      unit: 'short',
      width: 16,
      shows: { '{{outcome}}: {{error}}': `sort_desc(topk(12, ${notPassed} > 0))` },
      none: 'all passed',
    },
    {
      as: 'stack',
      title: 'Evaluations ended',
      good: 'a steady band, hardly any infra_error in it.',
      ifNot: 'a gap while work waits is an outage: see *Provider and limits*.',
      unit: 'cpm',
      width: 8,
      shows: { '{{outcome}}': `${perSecond(M.evaluations, { by: ['outcome'] })} * 60` },
    },
    {
      as: 'lines',
      title: 'Handed back, by cause',
      what: 'Attempts that failed by us and are tried again.',
      good: 'none or a few a minute; they cost time, not verdicts.',
      ifNot: 'the cause is the code in docs/errors.md, which says what to do.',
      unit: 'cpm',
      width: 8,
      shows: { '{{cause}}': `${perSecond(M.retries, { by: ['cause'] })} * 60` },
    },
    {
      as: 'lines',
      title: 'Attempts for each evaluation',
      good: '1, or a little more.',
      ifNot: 'each further attempt is a sandbox paid twice: see the causes beside.',
      unit: 'none',
      width: 8,
      shows: {
        '{{provider}}': `${perSecond(M.attempts, { by: ['provider'] })} / (${perSecond(M.evaluations, { by: ['provider'] })} > 0)`,
      },
    },
  ],
};

function count(outcome: string): string {
  return inRange(M.evaluations, { where: { outcome } });
}
