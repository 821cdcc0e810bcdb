import { z } from 'zod';
import type { Item } from '../../read-specs.ts';
import { given, type ReadFormat } from '../format-input.ts';
import { badItem, fieldProblem } from '../make-item.ts';
import { parseRow } from '../parse-row.ts';
import { compareToSolution, type Inputs } from './python-tests.ts';
import {
  ownSolutions,
  readProblems,
  sampleItem,
  unanswered,
  type ParsedProblem,
  type Problems,
} from './python-problems.ts';
import { readRows, unreadable, type Row } from '../read-rows.ts';
import { readSolutions } from './read-solutions.ts';

/** Deadline of a check, seconds: there are up to a thousand inputs. */
const TIMEOUT_S = 60;

const inputs = z.array(z.array(z.unknown())).optional();
const Problem = z.object({
  task_id: z.string().min(1).max(200),
  prompt: z.string(),
  entry_point: z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a function'),
  canonical_solution: z.string(),
  base_input: inputs,
  plus_input: inputs,
  atol: z.number().nonnegative().nullish(),
  test: z.string().optional(),
});
const Sample = z.object({
  task_id: z.string(),
  solution: z.string().optional(),
  completion: z.string().optional(),
});

/** EvalPlus problems with samples, or their own solutions. Throws INPUT_UNREADABLE when the problems cannot be read whole. */
export const readEvalPlus: ReadFormat = async function* (from) {
  const problems = await readProblems(given(from.problems), evalPlusProblem);
  if (from.gold) yield* ownSolutions(problems);
  if (from.input === undefined) return;
  const solutions = await readSolutions(from.input);
  for await (const row of solutions ?? readRows(from.input))
    yield 'bad' in row ? row : readSample(row, problems);
  yield* unanswered(problems);
};

/** A problem of EvalPlus: inputs that are compared with what its own solution returns, or a test as HumanEval has it. */
export function evalPlusProblem(row: Row): ParsedProblem {
  const read = parseRow(row.value, Problem);
  if ('problems' in read) throw unreadable(row.source, read.problems);
  const { task_id: id, prompt, entry_point: entry, canonical_solution: solution } = read.value;
  const { base_input: base = [], plus_input: plus = [], atol, test } = read.value;
  const own = { code: `${prompt}${solution}\n`, entry, tolerance: atol ?? 0 };
  const compared = (of: Inputs): string => compareToSolution(own, of);
  const tests: Array<[string, string]> = [];
  if (base.length > 0) tests.push(['base', compared(base)]);
  if (plus.length > 0) tests.push(['plus', compared(plus)]);
  if (tests.length === 0 && test !== undefined) tests.push(['base', test]);
  if (tests.length === 0)
    throw unreadable(row.source, [
      fieldProblem('base_input', 'is required, or `test`: what a sample is checked by'),
    ]);
  return { id, checks: { dataset: 'evalplus', entry, prompt, tests, timeoutS: TIMEOUT_S }, prompt, solution };
}

function readSample({ value, source }: Row, problems: Problems): Item {
  const read = parseRow(value, Sample);
  if ('problems' in read) return badItem(source, read.problems);
  const { task_id: id, solution, completion } = read.value;
  if (solution === undefined && completion === undefined)
    return badItem(source, [fieldProblem('solution', 'is required, or `completion`')]);
  const code = solution ?? `${problems.get(id)?.prompt ?? ''}${completion}`;
  return sampleItem(problems, { id, code: `${code}\n`, source, field: 'task_id' });
}
