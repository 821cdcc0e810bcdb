import type { Outcome } from '../outcome.ts';
import type { Summary } from './summarize.ts';

const SHOWN: ReadonlyArray<[Outcome, string]> = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['timed_out', 'timed out'],
  ['invalid', 'invalid'],
  ['infra_error', 'infra'],
  ['cancelled', 'cancelled'],
];
/** What each outcome mostly means, and so needs no mention. */
const USUAL: ReadonlyArray<string> = ['', 'tests', 'cancelled'];

/** The summary as one line: every outcome, what is missing, the pass rate with its 95 % interval, completion. */
export function summaryLine(summary: Summary): string {
  const counts = SHOWN.map(
    ([outcome, word]) => `${word} ${summary.outcomes[outcome]}${reasonsOf(summary, outcome)}`,
  );
  return `${[...counts, `missing ${summary.missing}`].join(' · ')} of ${summary.total} — ${rates(summary)}`;
}

/** A rate as percent with one decimal; never rounded to 0 or 100 that it is not. */
export function percent(rate: number): string {
  const rounded = (rate * 100).toFixed(1);
  if (rounded === '100.0' && rate < 1) return '99.9';
  return rounded === '0.0' && rate > 0 ? '0.1' : rounded;
}

function rates({ passRate, passRateInterval, graded, completion }: Summary): string {
  const complete = `completion ${percent(completion)} %`;
  if (passRate === null || passRateInterval === null) return `pass rate – of 0 graded, ${complete}`;
  const { low, high } = passRateInterval;
  return `pass rate ${percent(passRate)} % [${percent(low)}–${percent(high)}] of ${graded} graded, ${complete}`;
}

function reasonsOf({ reasons }: Summary, outcome: Outcome): string {
  const told = reasons
    .filter((one) => one.outcome === outcome && !USUAL.includes(one.reason))
    .map(({ reason, count }) => `${reason} ${count}`);
  return told.length > 0 ? ` (${told.join(', ')})` : '';
}
