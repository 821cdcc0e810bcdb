import { isGraded } from '../../outcome.ts';
import { whyOf, type RunFolder } from './run-folder.ts';

/**
 * Scores for Inspect's `precomputed_scores()`: JSON Lines, by id and epoch (counted from 1). What has no verdict has no line:
 * Inspect leaves it unscored.
 */
export async function* writeInspect(run: RunFolder): AsyncGenerator<string> {
  for await (const record of run.records()) {
    const { id, sample, outcome, reason, labels, rewards, attempts } = record;
    if (id === null || !isGraded(outcome)) continue;
    const why = whyOf(record);
    const score = {
      id,
      epoch: sample + 1,
      value: outcome === 'passed' ? 1 : 0,
      ...(why ? { explanation: why } : {}),
      metadata: { outcome, reason, labels, rewards, attempts, code: record.failure?.code ?? null },
    };
    yield `${JSON.stringify(score)}\n`;
  }
}
