import { EvalpoolError } from '../../../errors.ts';
import type { Item } from '../../read-specs.ts';
import { badItem, fieldProblem } from '../make-item.ts';
import { pythonItem, type PythonCheck } from './python-item.ts';
import { readWhole, unreadable, type Row } from '../read-rows.ts';

/** What a problem gives to the check of any sample. */
export type Checks = Omit<PythonCheck, 'id' | 'sample' | 'code'>;

/** A problem of a data set of Python functions. */
export interface PythonProblem {
  source: string;
  /** What its samples are checked by; for a problem that cannot be used: why. */
  checks: Checks | { refused: string };
  /** Put in front of a completion, and the data set's own completion of it. */
  prompt: string;
  solution: string | undefined;
  samples: number;
}

/** A problem as its row has it. */
export type ParsedProblem = Omit<PythonProblem, 'source' | 'samples'> & { id: string };

/** The problems of a data set by id, in its order. */
export type Problems = Map<string, PythonProblem>;

/** Reads problems. Throws INPUT_UNREADABLE, as `parse` does. */
export async function readProblems(path: string, parse: (row: Row) => ParsedProblem): Promise<Problems> {
  const problems: Problems = new Map();
  for await (const row of readWhole(path)) {
    const { id, ...problem } = parse(row);
    const first = problems.get(id);
    if (first)
      throw unreadable(row.source, [fieldProblem('task_id', `"${id}" is there already: ${first.source}`)]);
    problems.set(id, { ...problem, source: row.source, samples: 0 });
  }
  if (problems.size === 0) throw new EvalpoolError('INPUT_UNREADABLE', `${path} holds no problem`);
  return problems;
}

/** The data set's own solutions as specs. */
export function* ownSolutions(problems: Problems): Generator<Item> {
  for (const [id, { source, solution, prompt }] of problems) {
    if (solution === undefined)
      yield badItem(source, [fieldProblem(id, 'there is no solution of the author')]);
    else yield sampleItem(problems, { id, code: `${prompt}${solution}\n`, source, field: 'task_id' });
  }
}

/** A sample as the next one of its problem. `field`: what named the problem. */
export function sampleItem(
  problems: Problems,
  { id, code, source, field }: { id: string; code: string; source: string; field: string },
): Item {
  const problem = problems.get(id);
  if (!problem) {
    const message = `expected a ${field} of the problems file, there was ${JSON.stringify(id.slice(0, 100))}`;
    return badItem(source, [fieldProblem(field, message)]);
  }
  const sample = problem.samples;
  problem.samples += 1;
  const { checks } = problem;
  if ('refused' in checks) return badItem(source, [fieldProblem(field, checks.refused)]);
  return pythonItem({ ...checks, id, sample, code }, source);
}

/** Problems that no sample answers count as invalid, each. */
export function* unanswered(problems: Problems): Generator<Item> {
  for (const [id, { source, samples }] of problems)
    if (samples === 0) yield badItem(source, [fieldProblem(id, 'no sample answers this problem')]);
}
