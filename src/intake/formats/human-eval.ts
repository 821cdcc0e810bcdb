import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { EvalpoolError } from '../../errors.ts';
import type { SpecInput } from '../../spec.ts';
import { openInput, type Input } from '../open-input.ts';
import { findProblems, problemText, type FieldProblem } from '../problem.ts';
import { readLines, type Line } from '../read-lines.ts';
import { parseJson, type Item } from '../read-specs.ts';
import { contentHash } from '../validate-spec.ts';
import { HUMAN_EVAL_CHECKER } from './human-eval-checker.ts';

// 1. Reads problems and samples as OpenAI's human-eval writes them.
// 2. Makes of each pair a spec without repo, whose verdict hangs on a report that only the checker can write.
// 3. Tells samples of unknown problems, and problems without samples.

/** Where the checker lies in the sandbox. */
const FOLDER = '/home/user/humaneval';
/** Deadline of a check, seconds. */
export const HUMAN_EVAL_TIMEOUT_S = 10;

const Problem = z.object({
  task_id: z.string().min(1).max(200),
  prompt: z.string(),
  entry_point: z.string().min(1),
  canonical_solution: z.string(),
  test: z.string().min(1),
});
type Problem = z.output<typeof Problem>;
const Sample = z.object({ task_id: z.string(), completion: z.string() });

/** What to read: problems, and samples or (`gold`) the problems' own solutions. */
export interface HumanEvalInput {
  problems: string;
  samples: string | undefined;
  gold: boolean;
}

/** HumanEval problems and samples as specs. Throws INPUT_UNREADABLE when the problems cannot be read whole. */
export async function* readHumanEval(input: HumanEvalInput): AsyncGenerator<Item> {
  const problems = await readProblems(input.problems);
  const seen = new Map<string, number>();
  if (input.gold) yield* goldItems(problems);
  if (input.samples === undefined) return;
  for (const file of await openInput(input.samples)) {
    for await (const line of readLines(file.open())) yield readSample(file, line, problems, seen);
  }
  for (const [id, { source }] of problems) {
    const message = 'no sample answers this problem';
    if (!seen.has(id)) yield { bad: { source, problems: [{ code: 'SPEC_INVALID', field: id, message }] } };
  }
}

async function readProblems(path: string): Promise<Map<string, { problem: Problem; source: string }>> {
  const problems = new Map<string, { problem: Problem; source: string }>();
  for (const file of await openInput(path)) {
    for await (const line of readLines(file.open())) {
      const source = `${file.name}:${line.number}`;
      const read = parseLine(line, Problem);
      if ('problems' in read)
        throw new EvalpoolError('INPUT_UNREADABLE', `${source}: ${problemText(read.problems)}`);
      problems.set(read.value.task_id, { problem: read.value, source });
    }
  }
  if (problems.size === 0) throw new EvalpoolError('INPUT_UNREADABLE', `${path} holds no problem`);
  return problems;
}

function* goldItems(problems: Map<string, { problem: Problem; source: string }>): Generator<Item> {
  for (const { problem, source } of problems.values()) {
    yield makeItem(problem, problem.canonical_solution, { sample: 0, source });
  }
}

function readSample(
  file: Input,
  line: Line,
  problems: ReadonlyMap<string, { problem: Problem }>,
  seen: Map<string, number>,
): Item {
  const source = `${file.name}:${line.number}`;
  const read = parseLine(line, Sample);
  if ('problems' in read) return { bad: { source, problems: read.problems } };
  const { task_id: id, completion } = read.value;
  const known = problems.get(id);
  if (!known) {
    const message = `expected a task_id of the problems file, there was ${JSON.stringify(id.slice(0, 100))}`;
    return { bad: { source, problems: [{ code: 'SPEC_INVALID', field: 'task_id', message }] } };
  }
  const sample = seen.get(id) ?? 0;
  seen.set(id, sample + 1);
  return makeItem(known.problem, completion, { sample, source });
}

function parseLine<T>(line: Line, form: z.ZodType<T>): { value: T } | { problems: FieldProblem[] } {
  const json = parseJson(line);
  if ('problem' in json) return { problems: [json.problem] };
  const parsed = form.safeParse(json.value);
  if (parsed.success) return { value: parsed.data };
  return { problems: findProblems(parsed.error, json.value) };
}

function makeItem(problem: Problem, completion: string, from: { sample: number; source: string }): Item {
  const code = `${problem.prompt}${completion}\n`;
  const make = (nonce: string): SpecInput => makeSpec(problem, { code, sample: from.sample, nonce });
  // Hashed without the nonce, so that the same sample submitted again is the same spec.
  const hash = contentHash(make(''));
  const spec = make(randomBytes(16).toString('hex'));
  return { candidate: { spec, contentHash: hash, source: from.source }, bytes: code.length + 8192 };
}

function makeSpec(problem: Problem, run: { code: string; sample: number; nonce: string }): SpecInput {
  const { prompt, test, entry_point: entry, task_id: id } = problem;
  return {
    id,
    sample: run.sample,
    repoDir: FOLDER,
    files: {
      'check.py': HUMAN_EVAL_CHECKER,
      'problem.json': JSON.stringify({ nonce: run.nonce, entry, prompt, test, code: run.code }),
    },
    // -I: nothing that the candidate writes beside the checker is ever imported by it.
    test: 'exec python3 -I check.py',
    report: { format: 'tap', path: `report-${run.nonce}.tap` },
    timeouts: { test: HUMAN_EVAL_TIMEOUT_S },
    labels: { dataset: 'humaneval' },
  };
}
