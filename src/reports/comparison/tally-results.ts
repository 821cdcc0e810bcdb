import { z } from 'zod';
import type { TaskTally } from '../../database/read-tallies.ts';
import { EvalpoolError } from '../../errors.ts';
import { isGraded, OUTCOMES } from '../../outcome.ts';

/** One side of a comparison. */
export interface ComparedRun {
  name: string;
  tasks: Map<string, TaskTally>;
  /** Evaluations that were asked for: those without a verdict or a result and unreadable lines too. */
  total: number;
}

/** A line of a results.jsonl. */
export interface ResultLine {
  number: number;
  /** Null where it could not be read. */
  text: string | null;
}

// What else a line holds is of no concern here. Lines that were no specs have no id.
const Result = z.object({
  id: z.string().nullable(),
  sample: z.int().nonnegative().default(0),
  outcome: z.enum(OUTCOMES),
});

/** Tallies a results.jsonl by task; keeps numbers per task, and the names of samples. Throws INPUT_UNREADABLE. */
export async function tallyResults(path: string, lines: AsyncIterable<ResultLine>): Promise<ComparedRun> {
  const run: ComparedRun = { name: path, tasks: new Map(), total: 0 };
  const seen = new Set<string>();
  for await (const { number, text } of lines) {
    const { id, sample, outcome } = parseResultLine(`${path}:${number}`, text, Result);
    run.total += 1;
    if (id === null) continue;
    const name = `${sample} ${id}`;
    if (seen.has(name)) throw unreadable(`${path}:${number}`, `sample ${sample} of ${id} is there twice`);
    seen.add(name);
    const tally = run.tasks.get(id) ?? { task: id, passed: 0, graded: 0, samples: 0 };
    tally.samples += 1;
    if (isGraded(outcome)) tally.graded += 1;
    if (outcome === 'passed') tally.passed += 1;
    run.tasks.set(id, tally);
  }
  return run;
}

/** One line of a results.jsonl, as far as the form knows its fields. Throws INPUT_UNREADABLE. */
export function parseResultLine<T>(where: string, text: string | null, form: z.ZodType<T>): T {
  try {
    return form.parse(JSON.parse(text ?? ''));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : 'expected a JSON object';
    throw unreadable(where, why.replaceAll(/\s*\n\s*/g, ' '));
  }
}

function unreadable(where: string, why: string): EvalpoolError {
  return new EvalpoolError('INPUT_UNREADABLE', `${where} is no result of evalpool: ${why}`);
}
