import type { StoredResult } from '../database/read-results.ts';

/** An evaluation that people are shown, with its logs' paths. */
export interface Highlight {
  result: StoredResult;
  /** Stage → path of its log under the results' folder. */
  logs: Record<string, string>;
  seconds: number;
}

/** What is shown of a batch beside its counts. */
export interface Highlights {
  slowest: Highlight[];
  /** The first ones that did not pass. */
  failed: Highlight[];
  notPassed: number;
  sandboxSeconds: number;
  costUsd: number;
}

const SLOWEST = 5;
const FAILED = 10;

/** Nothing seen so far. */
export function noHighlights(): Highlights {
  return { slowest: [], failed: [], notPassed: 0, sandboxSeconds: 0, costUsd: 0 };
}

/** Takes one more result into account. */
export function addHighlight(to: Highlights, result: StoredResult, logs: Record<string, string>): void {
  const stages = result.result.stages.filter(({ stage }) => stage !== 'queue');
  const seconds = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const highlight = { result, logs, seconds };
  to.sandboxSeconds += result.result.sandboxSeconds;
  to.costUsd += result.result.costUsd;
  if (result.outcome !== 'passed') {
    to.notPassed += 1;
    if (to.failed.length < FAILED) to.failed.push(highlight);
  }
  const last = to.slowest.at(-1);
  if (to.slowest.length < SLOWEST || (last && seconds > last.seconds)) {
    to.slowest = [...to.slowest, highlight].toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  }
}
