import { join } from 'node:path';
import { showGold } from '../reports/gold.ts';
import { showQuarantine } from '../reports/quarantine.ts';
import { showSamples } from '../reports/samples/show-samples.ts';
import { showFailed, showSlowest } from '../reports/show-highlights.ts';
import { summaryLine } from '../reports/summary-line.ts';
import { EXIT } from './exit-codes.ts';
import type { RunOutcome } from './run-batch.ts';

/** Says how a run went: its summary on standard output, why it stopped on standard error. */
export function tellOutcome(
  { summary, highlights, interrupted, budgetSpent }: RunOutcome,
  out: string,
  { json }: { json?: true },
): void {
  const samples = showSamples(summary.samples, out);
  const parts = [showFailed(highlights, out), showSlowest(highlights), samples];
  parts.push(showQuarantine(summary.quarantine), showGold(summary.gold), summaryLine(summary));
  const whereTo = `results: ${join(out, 'results.jsonl')}; as a page: evalpool export ${out} --format html --out run.html`;
  if (json) process.stdout.write(`${JSON.stringify({ ...summary, interrupted, out }, null, 2)}\n`);
  else process.stdout.write(`${[...parts, whereTo].filter(Boolean).join('\n\n')}\n`);
  if (!interrupted) return;
  const why = budgetSpent ? 'its budget is spent; with a higher one,' : 'interrupted;';
  process.stderr.write(`${why} go on with the same input and --batch ${summary.batch}\n`);
}

/** What a run ends with. */
export function exitCodeOf(
  { summary, interrupted, budgetSpent }: RunOutcome,
  asked: { minCompletion: number; failUnder?: number },
): number {
  if (interrupted && !budgetSpent) return EXIT.interrupted;
  // A task whose spec is to blame is an incomplete batch too; which tasks those are is what a gold run is asked.
  if (summary.gold?.file) return EXIT.invalidTasks;
  if (summary.completion < asked.minCompletion) return EXIT.incomplete;
  const { passRate } = summary.quarantine?.rest ?? summary;
  if (asked.failUnder !== undefined && (passRate ?? 0) < asked.failUnder) return EXIT.belowRate;
  return EXIT.done;
}
