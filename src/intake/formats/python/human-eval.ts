import { z } from 'zod';
import type { Item } from '../../read-specs.ts';
import { given, type ReadFormat } from '../format-input.ts';
import { badItem } from '../make-item.ts';
import { parseRow } from '../parse-row.ts';
import {
  ownSolutions,
  readProblems,
  sampleItem,
  unanswered,
  type ParsedProblem,
  type Problems,
} from './python-problems.ts';
import { readRows, unreadable, type Row } from '../read-rows.ts';

/** Deadline of a check, seconds. */
export const HUMAN_EVAL_TIMEOUT_S = 10;

const Problem = z.object({
  task_id: z.string().min(1).max(200),
  prompt: z.string(),
  entry_point: z.string().min(1),
  canonical_solution: z.string(),
  test: z.string().min(1),
});
const Sample = z.object({ task_id: z.string(), completion: z.string() });

/** HumanEval problems and samples as specs. Throws INPUT_UNREADABLE when the problems cannot be read whole. */
export const readHumanEval: ReadFormat = async function* (from) {
  const problems = await readProblems(given(from.problems), humanEvalProblem);
  if (from.gold) yield* ownSolutions(problems);
  if (from.input === undefined) return;
  for await (const row of readRows(from.input)) yield 'bad' in row ? row : readSample(row, problems);
  yield* unanswered(problems);
};

/** A problem as OpenAI's human-eval has it. Throws INPUT_UNREADABLE. */
export function humanEvalProblem(row: Row): ParsedProblem {
  const read = parseRow(row.value, Problem);
  if ('problems' in read) throw unreadable(row.source, read.problems);
  const { task_id: id, prompt, entry_point: entry, canonical_solution: solution, test } = read.value;
  const tests = [['check', test] as const];
  const checks = { dataset: 'humaneval', entry, prompt, tests, timeoutS: HUMAN_EVAL_TIMEOUT_S };
  return { id, checks, prompt, solution };
}

function readSample({ value, source }: Row, problems: Problems): Item {
  const read = parseRow(value, Sample);
  if ('problems' in read) return badItem(source, read.problems);
  const { task_id: id, completion } = read.value;
  const code = `${problems.get(id)?.prompt ?? ''}${completion}\n`;
  return sampleItem(problems, { id, code, source, field: 'task_id' });
}
