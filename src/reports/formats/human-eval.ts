import type { Wishes } from './format.ts';
import type { RunFolder } from './run-folder.ts';
import { readSamples } from './samples.ts';
import { verdictsBySample, type SampleVerdict } from './verdicts-by-sample.ts';

/**
 * OpenAI's `<samples>_results.jsonl`: each sample as it was given, in its order, with `result` and `passed`. What has no verdict
 * has `passed: null`, a word that human-eval does not know: our failure is nobody's failed sample.
 */
export async function* writeHumanEval(run: RunFolder, wishes: Wishes): AsyncGenerator<string> {
  const verdictOf = await verdictsBySample(run);
  for await (const sample of readSamples(wishes)) {
    const verdict = verdictOf(sample.task_id);
    const passed = verdict.graded ? verdict.outcome === 'passed' : null;
    yield `${JSON.stringify({ ...sample, result: resultOf(verdict), passed })}\n`;
  }
}

function resultOf({ outcome, graded, why }: SampleVerdict): string {
  if (!graded) return `not evaluated: ${outcome}${why ? `: ${why}` : ''}`;
  if (outcome === 'passed') return 'passed';
  return outcome === 'timed_out' ? 'timed out' : `failed: ${why}`;
}
