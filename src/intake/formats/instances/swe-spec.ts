import { quote } from '../../../shell-quote.ts';
import type { SpecInput } from '../../../spec.ts';
import type { FieldProblem } from '../../problem.ts';
import type { FormatInput } from '../format-input.ts';
import { reportFormatOf } from './log-parsers.ts';
import { fieldProblem } from '../make-item.ts';
import { templateFields, type TemplateEntry } from '../templates.ts';

/** What data sets of the SWE-bench kind tell of an instance. */
export interface SweInstance {
  id: string;
  dataset: string;
  /** `owner/name` at GitHub. */
  repo: string;
  ref: string | undefined;
  testPatch: string | undefined;
  /** Runs in front of the test command. */
  before?: string | undefined;
  setup?: string | undefined;
  /** Runs the tests; else the user's command does. */
  script?: string | undefined;
  /** Which files the user's command is to test: `{tests}`. */
  tests: readonly string[];
  logParser: string | undefined;
  /** Marks in the output between which the parser reads. */
  between?: [string, string] | undefined;
  expect: NonNullable<SpecInput['expect']>;
  env?: Record<string, string>;
  testTimeoutS?: number;
}

/** How long tests may take, seconds: what SWE-bench's own harness gives them. */
const TEST_TIMEOUT_S = 1800;

/** The spec of an instance without its submission, or all that is wrong with it. */
export function sweSpec(
  one: SweInstance,
  entry: TemplateEntry,
  from: FormatInput,
): { spec: SpecInput } | { problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const test = one.script ?? userScript(one, entry, from);
  if (test === undefined) problems.push(fieldProblem('test_cmd', NO_COMMAND));
  const report = reportOf(one, entry, from);
  if ('problems' in report) problems.push(...report.problems);
  if (problems.length > 0 || test === undefined || 'problems' in report) return { problems };
  const { setup: tableSetup, timeouts, env, ...fields } = templateFields(entry);
  const setup = [tableSetup, one.setup]
    .flat()
    .filter((part) => part !== undefined)
    .join('\n');
  return {
    spec: {
      id: one.id,
      ...codeOf(one, entry),
      ...fields,
      ...(setup === '' ? {} : { setup }),
      ...(one.testPatch?.trim() ? { testPatch: one.testPatch } : {}),
      test,
      report: report.report,
      expect: one.expect,
      env: { ...one.env, ...env },
      timeouts: { test: one.testTimeoutS ?? TEST_TIMEOUT_S, ...timeouts },
      labels: { dataset: one.dataset, repo: one.repo },
    },
  };
}

const NO_COMMAND = 'the row has no command: give it by --test-cmd, or as `testCmd` in the table of templates';

// A template that says where it holds the code holds it as the tests want it, installed and built.
function codeOf({ repo, ref }: SweInstance, { repoDir }: TemplateEntry): Partial<SpecInput> {
  if (repoDir !== undefined) return {};
  return { repo: `https://github.com/${repo}`, ...(ref === undefined ? {} : { ref }) };
}

function userScript(
  { before, tests }: SweInstance,
  entry: TemplateEntry,
  from: FormatInput,
): string | undefined {
  const command = [entry.testCmd ?? from.testCmd].flat().join('\n');
  if (command === '') return undefined;
  const modules = tests.map((file) =>
    file
      .replace(/^tests\//, '')
      .replace(/\.py$/, '')
      .replaceAll('/', '.'),
  );
  const filled = command
    .replaceAll('{tests}', () => tests.map(quote).join(' '))
    .replaceAll('{tests_by_comma}', () => quote(tests.join(',')))
    .replaceAll('{modules}', () => modules.map(quote).join(' '));
  return ['exec 2>&1', before, filled].filter((line) => line !== undefined).join('\n');
}

function reportOf(
  { logParser, between }: SweInstance,
  entry: TemplateEntry,
  from: FormatInput,
): { report: NonNullable<SpecInput['report']> } | { problems: FieldProblem[] } {
  if (entry.report !== undefined) return { report: entry.report };
  const name = entry.logParser ?? logParser ?? from.logParser;
  if (name === undefined) {
    const message =
      'the row names no parser: give it by --log-parser, or as `logParser` in the table of templates';
    return { problems: [fieldProblem('log_parser', message)] };
  }
  const found = reportFormatOf(name);
  if ('refused' in found) return { problems: [fieldProblem('log_parser', found.refused)] };
  return { report: { format: found.format, ...(between && { between }) } };
}

/** The files that a diff changes or adds, as they are called afterwards. */
export function filesOfDiff(diff: string): string[] {
  return [...diff.matchAll(/^\+\+\+ b\/(.+?)\t?$/gm)].map(([, file = '']) => file);
}
