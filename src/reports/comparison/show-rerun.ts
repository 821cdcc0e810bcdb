import { harmlessLine } from '../../harmless-text.ts';
import type { Confirmation, TriedFlip } from './confirm-flips.ts';

const SHOWN = 20;
const WORDS: Readonly<Record<Confirmation, string>> = {
  confirmed: 'confirmed',
  not_confirmed: 'not confirmed',
  undecided: 'undecided',
};

/** Flips that were evaluated again, to show how they were found and what they came to. */
export interface Rerun {
  batch: string;
  /** Samples of each flip in each run. */
  times: number;
  /** The verdict before, in one line. */
  before: string;
  flips: TriedFlip[];
}

/** What came of the flips in text: the counts, and each with its fresh samples alone. */
export function showRerun({ batch, times, before, flips }: Rerun): string {
  const count = (wanted: Confirmation): number =>
    flips.filter(({ confirmation }) => confirmation === wanted).length;
  const order = ['confirmed', 'undecided', 'not_confirmed'] as const;
  const sorted = order.flatMap((wanted) => flips.filter(({ confirmation }) => confirmation === wanted));
  const rest = flips.length - SHOWN;
  return [
    `before: ${before}`,
    `evaluated ${flips.length} flips again, ${times} times each side, as batch ${batch}: ` +
      order.map((wanted) => `${WORDS[wanted]} ${count(wanted)}`).join(', '),
    ...sorted.slice(0, SHOWN).map(showTried),
    ...(rest > 0 ? [`  and ${rest} more: --json lists all`] : []),
  ].join('\n');
}

function showTried({ task, direction, confirmation, a, b }: TriedFlip): string {
  const samples = `${a.passed}/${a.graded} → ${b.passed}/${b.graded}`;
  return `  ${WORDS[confirmation]}  ${direction}  ${harmlessLine(task, 100)}  ${samples}`;
}
