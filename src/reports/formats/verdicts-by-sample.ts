import { isGraded, type Outcome } from '../../outcome.ts';
import { whyOf, type ResultRecord, type RunFolder } from './run-folder.ts';

/** How one sample ended, as far as files of samples tell it. */
export interface SampleVerdict {
  outcome: Outcome | 'missing';
  graded: boolean;
  why: string;
  /** Of the tests with these names, as the runs of EvalPlus's problems have them. */
  base?: boolean;
  plus?: boolean;
}

const MISSING: SampleVerdict = { outcome: 'missing', graded: false, why: 'it has no result' };

/**
 * Finds the verdicts of a file of samples in its order: of each task the first sample there is the one with number 0, as the
 * intake counts them. Keeps a verdict per result.
 */
export async function verdictsBySample(run: RunFolder): Promise<(task: string) => SampleVerdict> {
  const verdicts = new Map<string, Map<number, SampleVerdict>>();
  for await (const record of run.records()) {
    const { id, sample, outcome } = record;
    if (id === null) continue;
    const samples = verdicts.get(id) ?? new Map<number, SampleVerdict>();
    const tests = { ...passedOf(record, 'base'), ...passedOf(record, 'plus') };
    samples.set(sample, { outcome, graded: isGraded(outcome), why: whyOf(record).slice(0, 300), ...tests });
    verdicts.set(id, samples);
  }
  const seen = new Map<string, number>();
  return (task) => {
    const sample = seen.get(task) ?? 0;
    seen.set(task, sample + 1);
    return verdicts.get(task)?.get(sample) ?? MISSING;
  };
}

function passedOf({ tests }: ResultRecord, name: 'base' | 'plus'): { [one in 'base' | 'plus']?: boolean } {
  const test = tests.length <= 2 ? tests.find((one) => one.name === name) : undefined;
  return test ? { [name]: test.status === 'passed' } : {};
}
