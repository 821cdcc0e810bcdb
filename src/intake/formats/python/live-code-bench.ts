import { z } from 'zod';
import type { Item } from '../../read-specs.ts';
import { given, type ReadFormat } from '../format-input.ts';
import { jsonOf } from '../json-text.ts';
import { badItem } from '../make-item.ts';
import { parseRow } from '../parse-row.ts';
import {
  readProblems,
  sampleItem,
  unanswered,
  type ParsedProblem,
  type Problems,
} from './python-problems.ts';
import { compareOutput, compareValue, stdinProgram } from './python-tests.ts';
import { readRows, unreadable, type Row } from '../read-rows.ts';

/** Time of one test, seconds: that of LiveCodeBench's own runner. */
const TEST_S = 6;
const LONGEST_S = 600;

const Test = z.object({ input: z.string(), output: z.string(), testtype: z.enum(['stdin', 'functional']) });
const Tests = z.array(Test);
type Test = z.output<typeof Test>;

const Problem = z.object({
  question_id: z.string().min(1).max(200),
  starter_code: z.string().nullish(),
  public_test_cases: z.union([z.string(), Tests]),
  private_test_cases: z.union([z.string(), Tests]).nullish(),
  metadata: z.string().nullish(),
});
const Metadata = z.object({ func_name: z.string().regex(/^[A-Za-z_]\w*$/) });
const Answer = z.object({ question_id: z.string(), code_list: z.array(z.string()) });

const PICKLED =
  'private_test_cases is no JSON but, as it seems, a pickle of Python, which can run any program when it is read and is not' +
  ' read here. Write it as JSON on a machine where you trust the data set: row["private_test_cases"] =' +
  ' pickle.loads(zlib.decompress(base64.b64decode(row["private_test_cases"])))';

/** LiveCodeBench questions and answers in its custom output format. */
export const readLiveCodeBench: ReadFormat = async function* (from) {
  const stdin = new Set<string>();
  const problems = await readProblems(given(from.problems), (row) => liveCodeBenchProblem(row, stdin));
  for await (const row of readRows(given(from.input))) {
    if ('bad' in row) yield row;
    else yield* readAnswer(row, problems, stdin);
  }
  yield* unanswered(problems);
};

function liveCodeBenchProblem(row: Row, stdin: Set<string>): ParsedProblem {
  const read = parseRow(row.value, Problem);
  if ('problems' in read) throw unreadable(row.source, read.problems);
  const { question_id: id, starter_code: starter } = read.value;
  const found = findTests(read.value);
  const problem = { id, prompt: PRELUDE, solution: undefined };
  if ('refused' in found) return { ...problem, checks: found };
  const reads = found.tests.some(([, test]) => test.testtype === 'stdin');
  const entry = reads ? 'run' : entryOf(read.value.metadata ?? '');
  if (entry === undefined)
    return { ...problem, checks: { refused: 'its metadata name no function (func_name) to call' } };
  if (reads) stdin.add(id);
  const caller = !reads && starter?.includes('class Solution') ? `evalpool_${entry}` : entry;
  const tests = found.tests.map(([name, test]) => [name, programOf(test)] as const);
  const timeoutS = Math.min(LONGEST_S, TEST_S * tests.length + 10);
  return { ...problem, checks: { dataset: 'livecodebench', entry: caller, prompt: '', tests, timeoutS } };
}

function findTests(row: z.output<typeof Problem>): { tests: Array<[string, Test]> } | { refused: string } {
  const tests: Array<[string, Test]> = [];
  for (const kind of ['public', 'private'] as const) {
    const cases = row[`${kind}_test_cases`] ?? '';
    const list = typeof cases === 'string' ? parseTests(cases) : cases;
    if (list === undefined)
      return { refused: kind === 'private' ? PICKLED : 'public_test_cases is no list of tests' };
    tests.push(...list.map((test, at): [string, Test] => [`${kind} ${at + 1}`, test]));
  }
  return tests.length > 0 ? { tests } : { refused: 'it has no test cases' };
}

function parseTests(text: string): Test[] | undefined {
  return text.trim() === '' ? [] : Tests.safeParse(jsonOf(text)).data;
}

function entryOf(metadata: string): string | undefined {
  return Metadata.safeParse(jsonOf(metadata)).data?.func_name;
}

function programOf({ input, output, testtype }: Test): string {
  return testtype === 'stdin' ? compareOutput(input, output) : compareValue(input, output);
}

function* readAnswer(
  { value, source }: Row,
  problems: Problems,
  stdin: ReadonlySet<string>,
): Generator<Item> {
  const read = parseRow(value, Answer);
  if ('problems' in read) {
    yield badItem(source, read.problems);
    return;
  }
  const { question_id: id, code_list: programs } = read.value;
  const checks = problems.get(id)?.checks;
  const entry = checks && 'entry' in checks ? checks.entry : '';
  for (const [at, program] of programs.entries()) {
    const code = stdin.has(id) ? stdinProgram(`${PRELUDE}${program}\n`, TEST_S) : callable(program, entry);
    yield sampleItem(problems, { id, code, source: `${source}[${at}]`, field: 'question_id' });
  }
}

function callable(program: string, entry: string): string {
  const method = /^evalpool_(.*)$/.exec(entry)?.[1];
  const caller =
    method === undefined ? '' : `\ndef ${entry}(*args):\n    return Solution().${method}(*args)\n`;
  return `${PRELUDE}${program}\n${caller}`;
}

// Answers rely on names that the runner of LiveCodeBench has imported before they begin. In this order, so that `pow` and the
// like are the builtin ones.
const MODULES =
  'string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json'.split(
    ' ',
  );
const PRELUDE = [
  ...[...MODULES, 'builtins', 'typing'].map((name) => `from ${name} import *`),
  `import ${MODULES.join(', ')}`,
  'sys.setrecursionlimit(50000)\n',
].join('\n');
