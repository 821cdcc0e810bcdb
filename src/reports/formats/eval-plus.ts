import { passAtK } from '../statistics/pass-at-k.ts';
import type { Wishes } from './format.ts';
import type { RunFolder } from './run-folder.ts';
import { readSamples, type SampleLine } from './samples.ts';
import { verdictsBySample, type SampleVerdict } from './verdicts-by-sample.ts';

interface EvalPlusEntry {
  task_id: string;
  solution: string;
  base_status: 'pass' | 'fail' | 'timeout' | null;
  plus_status: null;
  base_fail_tests: [];
  plus_fail_tests: [];
}

const TOLD_K = [1, 10, 100];

/**
 * EvalPlus's `eval_results.json`. A run has one verdict for each sample: it is told as that of the base tests, and the others as
 * not run. The form groups by task, so all samples are kept in memory.
 */
export async function* writeEvalPlus(run: RunFolder, wishes: Wishes): AsyncGenerator<string> {
  const verdictOf = await verdictsBySample(run);
  const tasks = new Map<string, EvalPlusEntry[]>();
  for await (const sample of readSamples(wishes)) {
    const entries = tasks.get(sample.task_id) ?? [];
    entries.push(entryOf(sample, verdictOf(sample.task_id)));
    tasks.set(sample.task_id, entries);
  }
  yield `{"date":${JSON.stringify(dateOf(new Date()))},"hash":"","eval":{`;
  let between = '\n';
  for (const [task, entries] of tasks) {
    yield `${between}${JSON.stringify(task)}:${JSON.stringify(entries)}`;
    between = ',\n';
  }
  yield `\n},"pass_at_k":${JSON.stringify({ base: passAtKs([...tasks.values()]) })}}\n`;
}

function entryOf(sample: SampleLine, { outcome, graded }: SampleVerdict): EvalPlusEntry {
  const solution = sample['solution'] ?? sample['completion'];
  const failed = outcome === 'timed_out' ? 'timeout' : 'fail';
  return {
    task_id: sample.task_id,
    solution: typeof solution === 'string' ? solution : '',
    base_status: graded ? (outcome === 'passed' ? 'pass' : failed) : null,
    plus_status: null,
    base_fail_tests: [],
    plus_fail_tests: [],
  };
}

// As EvalPlus: a k is told only where every task has that many samples; here, that many with a verdict.
function passAtKs(tasks: ReadonlyArray<readonly EvalPlusEntry[]>): Record<string, number> {
  const counts = tasks.map((entries) => ({
    graded: entries.filter((entry) => entry.base_status !== null).length,
    passed: entries.filter((entry) => entry.base_status === 'pass').length,
  }));
  const told = TOLD_K.filter((k) => counts.length > 0 && counts.every(({ graded }) => graded >= k));
  const mean = (k: number): number =>
    counts.reduce((sum, { graded, passed }) => sum + passAtK(graded, passed, k), 0) / counts.length;
  return Object.fromEntries(told.map((k) => [`pass@${k}`, mean(k)]));
}

function dateOf(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}
