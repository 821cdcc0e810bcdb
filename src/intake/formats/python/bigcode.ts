import { z } from 'zod';
import type { Item } from '../../read-specs.ts';
import { evalPlusProblem } from './eval-plus.ts';
import { given, type ReadFormat } from '../format-input.ts';
import { humanEvalProblem } from './human-eval.ts';
import { badItem, fieldProblem } from '../make-item.ts';
import { parseRow } from '../parse-row.ts';
import { readProblems, sampleItem, unanswered, type Problems } from './python-problems.ts';
import { readRows, type Row } from '../read-rows.ts';

const Generations = z.array(z.string());

/** bigcode-evaluation-harness: `generations.json`, a list of programs for each problem, in the order of the problems. */
export const readBigcode: ReadFormat = async function* (from) {
  const problems = await readProblems(given(from.problems), (row) =>
    hasInputs(row.value) ? evalPlusProblem(row) : humanEvalProblem(row),
  );
  const ids = [...problems.keys()];
  let number = 0;
  for await (const row of readRows(given(from.input))) {
    const id = ids[number];
    number += 1;
    if ('bad' in row) yield row;
    else yield* readGenerations(row, id, problems);
  }
  yield* unanswered(problems);
};

function* readGenerations(
  { value, source }: Row,
  id: string | undefined,
  problems: Problems,
): Generator<Item> {
  const read = parseRow(value, Generations);
  if ('problems' in read) yield badItem(source, read.problems);
  else if (id === undefined)
    yield badItem(source, [
      fieldProblem('', `expected ${problems.size} lists at most, as many as there are problems`),
    ]);
  else
    for (const [at, program] of read.value.entries())
      yield sampleItem(problems, { id, code: `${program}\n`, source: `${source}[${at}]`, field: 'task_id' });
}

function hasInputs(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'base_input' in value;
}
