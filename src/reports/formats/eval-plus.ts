import { passAtK } from '../statistics/pass-at-k.ts';
import type { Wishes } from './format.ts';
import type { RunFolder } from './run-folder.ts';
import { readSamples, type Sample } from './samples.ts';
import { verdictsBySample, type SampleVerdict } from './verdicts-by-sample.ts';

type Status = 'pass' | 'fail' | 'timeout' | null;

interface Entry {
  solution: string;
  verdict: SampleVerdict;
}

const TOLD_K = [1, 10, 100];

/**
 * EvalPlus's `eval_results.json`. Runs of EvalPlus's problems have tests `base` and `plus`; the one verdict of others is told as that
 * of the base tests, and `plus` as not run. The form groups by task, so all samples are kept in memory.
 */
export async function* writeEvalPlus(run: RunFolder, wishes: Wishes): AsyncGenerator<string> {
  const verdictOf = await verdictsBySample(run);
  const tasks = new Map<string, Entry[]>();
  let hasPlus = false;
  for await (const sample of readSamples(wishes)) {
    const entries = tasks.get(sample.task_id) ?? [];
    const verdict = verdictOf(sample.task_id);
    hasPlus ||= verdict.plus !== undefined;
    entries.push({ solution: solutionOf(sample), verdict });
    tasks.set(sample.task_id, entries);
  }
  yield `{"date":${JSON.stringify(dateOf(new Date()))},"hash":"","eval":{`;
  let between = '\n';
  for (const [task, entries] of tasks) {
    const told = entries.map((entry) => toldOf(task, entry, hasPlus));
    yield `${between}${JSON.stringify(task)}:${JSON.stringify(told)}`;
    between = ',\n';
  }
  const base = passAtKs([...tasks.values()], baseStatus);
  const plus = hasPlus ? { plus: passAtKs([...tasks.values()], bothStatus) } : {};
  yield `\n},"pass_at_k":${JSON.stringify({ base, ...plus })}}\n`;
}

function toldOf(task: string, { solution, verdict }: Entry, hasPlus: boolean): object {
  return {
    task_id: task,
    solution,
    base_status: baseStatus(verdict),
    plus_status: hasPlus ? statusOf(verdict, verdict.plus === true) : null,
    base_fail_tests: [],
    plus_fail_tests: [],
  };
}

function solutionOf(sample: Sample): string {
  const solution = sample['solution'] ?? sample['completion'];
  return typeof solution === 'string' ? solution : '';
}

function baseStatus(verdict: SampleVerdict): Status {
  return statusOf(verdict, verdict.base ?? verdict.outcome === 'passed');
}

function bothStatus(verdict: SampleVerdict): Status {
  return statusOf(verdict, baseStatus(verdict) === 'pass' && verdict.plus === true);
}

function statusOf({ graded, outcome }: SampleVerdict, passed: boolean): Status {
  if (!graded) return null;
  if (passed) return 'pass';
  return outcome === 'timed_out' ? 'timeout' : 'fail';
}

// As EvalPlus: a k is told only where every task has that many samples; here, that many with a verdict.
function passAtKs(
  tasks: ReadonlyArray<readonly Entry[]>,
  status: (verdict: SampleVerdict) => Status,
): Record<string, number> {
  const counts = tasks.map((entries) => {
    const all = entries.map(({ verdict }) => status(verdict));
    return {
      graded: all.filter((one) => one !== null).length,
      passed: all.filter((one) => one === 'pass').length,
    };
  });
  const told = TOLD_K.filter((k) => counts.length > 0 && counts.every(({ graded }) => graded >= k));
  const mean = (k: number): number =>
    counts.reduce((sum, { graded, passed }) => sum + passAtK(graded, passed, k), 0) / counts.length;
  return Object.fromEntries(told.map((k) => [`pass@${k}`, mean(k)]));
}

function dateOf(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}
