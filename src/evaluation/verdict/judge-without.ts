import { EvalpoolError } from '../../errors.ts';
import type { EvaluationResult, TestResult } from '../../result.ts';
import { Spec, type SpecInput } from '../../spec.ts';
import { expectedNames } from './expected-names.ts';
import { judge } from './judge.ts';
import { isFailing } from '../parsers/reported.ts';

/** `as_it_was`: the verdict does not hang on these tests alone; `nothing_left`: without them there is nothing to judge by. */
export type Without = 'as_it_was' | 'passes' | 'nothing_left';

/** What the verdict of a stored result would be without some tests of its report, named as the report or the spec names them. */
export function judgeWithout(
  { spec, result }: { spec: SpecInput; result: EvaluationResult },
  names: Iterable<string>,
): Without {
  const { failure } = result;
  // All other ends hang on more than tests.
  if (result.outcome !== 'passed' && failure?.code !== 'TESTS_FAILED') return 'as_it_was';
  const forms = new Set([...names].flatMap((name) => [name, ...expectedNames(name)]));
  const aside = result.tests.filter((test) => forms.has(test.name));
  const rest = result.tests.filter((test) => !forms.has(test.name));
  const rules = rulesWithout(Spec.parse(spec), forms, aside);
  if (rules === null || (aside.length > 0 && rest.length === 0)) return 'nothing_left';
  if (failure === null) return 'as_it_was';
  return passes(rules, result, { rest, aside }) ? 'passes' : 'as_it_was';
}

/** The rules without these names; null: all that decided is gone. */
function rulesWithout(spec: Spec, forms: ReadonlySet<string>, aside: readonly TestResult[]): Spec | null {
  if (spec.expect === undefined) return spec;
  const keep = (names: readonly string[] = []): string[] =>
    names.filter((name) => ![name, ...expectedNames(name)].some((form) => forms.has(form)));
  const { failToPass, passToPass, required, minTests } = spec.expect;
  const expect = { ...spec.expect };
  if (failToPass) expect.failToPass = keep(failToPass);
  if (passToPass) expect.passToPass = keep(passToPass);
  if (required) expect.required = keep(required);
  if (countListed(spec.expect) > 0 && countListed(expect) === 0) return null;
  const ran = aside.filter(({ status }) => status !== 'skipped').length;
  if (minTests !== undefined) expect.minTests = Math.max(1, minTests - ran);
  return { ...spec, expect };
}

function countListed({ failToPass = [], passToPass = [] }: NonNullable<Spec['expect']>): number {
  return failToPass.length + passToPass.length;
}

function passes(
  rules: Spec,
  { exitCode, basis }: EvaluationResult,
  { rest, aside }: { rest: TestResult[]; aside: readonly TestResult[] },
): boolean {
  // The script says that something failed, and that was one of these.
  const explained = aside.some(isFailing);
  const run = {
    exitCode: explained ? 0 : (exitCode ?? 0),
    signal: basis?.signal ?? null,
    limit: explained ? null : (basis?.limit ?? null),
    heardAll: true,
    output: null,
  };
  const report = rules.report === undefined ? null : { tests: rest, problem: null };
  try {
    judge(rules, run, { report, reward: basis?.reward ?? null });
    return true;
  } catch (error) {
    if (error instanceof EvalpoolError) return false;
    throw error;
  }
}
