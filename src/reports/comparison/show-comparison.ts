import { harmlessLine } from '../../harmless-text.ts';
import { showInterval } from '../samples/show-samples.ts';
import { percent } from '../summary-line.ts';
import type { Comparison, RunFigures } from './compare-runs.ts';
import type { Flip, FlipKind } from './flips.ts';

const SHOWN = 20;

const KINDS: ReadonlyArray<[FlipKind, string]> = [
  ['beyond_noise', 'beyond noise'],
  ['one_sample', 'one sample only, so noise or not cannot be told'],
  ['known_flaky', 'known flaky: samples of one run disagree'],
];

const VERDICTS = {
  worse: 'worse',
  better: 'better',
  no_difference: 'no difference beyond noise',
} as const;

const TESTS = {
  mcnemar: "McNemar's mid-p",
  sign_flip: 'sign-flip test',
  sign_flip_mid_p: "sign-flip test's mid-p",
} as const;

/** A comparison as text: both runs, how many tasks could be paired, the flips, and the verdict as its last line. */
export function showComparison(comparison: Comparison): string {
  const { flips } = comparison;
  return [
    ...pairingLines(comparison),
    ...KINDS.flatMap(([kind, words]) =>
      showFlips(
        flips.filter((flip) => flip.kind === kind),
        words,
      ),
    ),
    verdictLine(comparison),
  ].join('\n');
}

/** Both runs, and how many of their tasks could be paired. */
export function pairingLines({ a, b, tasks, completion }: Comparison): string[] {
  return [
    `A ${showRun(a)}`,
    `B ${showRun(b)}`,
    `paired ${tasks.paired} tasks, ${percent(completion)} % of A's; only in A ${tasks.onlyA}, only in B ${tasks.onlyB}, ` +
      `not graded in one of them ${tasks.ungraded}` +
      (tasks.quarantined > 0 ? `, quarantined ${tasks.quarantined}` : ''),
  ];
}

/** The verdict in one line. */
export function verdictLine({ verdict, pairedRates, tasks, p, test }: Comparison): string {
  if (!pairedRates) return 'nothing to compare: no task was graded in both';
  const { a, b, difference, interval } = pairedRates;
  const between = interval ? ` [${points(interval.low)} to ${points(interval.high)}]` : '';
  return (
    `${VERDICTS[verdict]}: A passes ${percent(a)} %, B ${percent(b)} % of ${tasks.paired} paired tasks, ` +
    `${points(difference)} points${between}, p ${showP(p)} (${TESTS[test]})`
  );
}

function showRun(run: RunFigures): string {
  const rate =
    run.passRate === null ? '–' : `${percent(run.passRate)} %${showInterval(run.passRateInterval)}`;
  const mixed = run.mixed > 0 ? `, samples disagree in ${run.mixed}` : '';
  return (
    `${harmlessLine(run.name, 200)}: pass rate ${rate} of ${run.graded} graded in ${run.tasks} tasks${mixed}, ` +
    `completion ${percent(run.completion)} %`
  );
}

function showFlips(flips: readonly Flip[], words: string): string[] {
  if (flips.length === 0) return [];
  const worse = flips.filter(({ direction }) => direction === 'worse');
  const better = flips.filter(({ direction }) => direction === 'better');
  const shown = [...worse, ...better].slice(0, SHOWN).map(showFlip);
  const rest = flips.length - shown.length;
  return [
    '',
    `flips ${words}: ${worse.length} worse, ${better.length} better`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more: --json lists all`] : []),
  ];
}

function showFlip({ task, direction, a, b }: Flip): string {
  return `  ${direction}  ${harmlessLine(task, 100)}  ${a.passed}/${a.graded} → ${b.passed}/${b.graded}`;
}

// Never rounded to a zero that it is not.
function points(difference: number): string {
  const size = Math.abs(difference * 100);
  return `${difference < 0 ? '−' : '+'}${size.toFixed(size > 0 && size < 0.05 ? 3 : 1)}`;
}

function showP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}
