import type { TestResult } from '../../result.ts';
import { expectedNames } from './expected-names.ts';

// `pkg.TestX/sub` of a Go test, for lists that name it without its package.
const GO_NAME = /\.(?<name>(?:Test|Example|Fuzz|Benchmark)\w*(?:\/.*)?)$/;

// `TestX::test_y` of a pytest id, for lists that name it without its file: `TestX.test_y`, as R2E-Gym's do.
const PYTEST_NAME = /\.py::(?<name>.+)$/;

/** How what a report names answers for one name. */
interface Answer {
  /** All of that name passed, or failed as their author expected. */
  passed: boolean;
  /** All of that name passed or were skipped. */
  kept: boolean;
}

/**
 * The answers of a report, by expected name; undefined: it does not name that test. A name may stand in a report several times,
 * and then all must have passed. A name cut within its parameters, `test_a[x` (SWE-bench's lists have them), stands for all
 * tests that begin with it.
 */
export function answersOf(tests: readonly TestResult[]): (expected: string) => Answer | undefined {
  const answers = new Map<string, Answer>();
  for (const test of tests) {
    const passed = test.status === 'passed' || test.status === 'xfailed';
    const answer = { passed, kept: passed || test.status === 'skipped' };
    for (const name of namesOf(test.name)) answers.set(name, both(answers.get(name), answer) ?? answer);
  }
  let sorted: string[] | undefined;
  return (expected) => {
    const forms = expectedNames(expected);
    const found = forms.map((form) => answers.get(form)).find((answer) => answer !== undefined);
    if (found !== undefined || !isCut(expected)) return found;
    sorted ??= [...answers.keys()].toSorted();
    const began = forms.flatMap((form) => beginningWith(sorted ?? [], form));
    return began.reduce<Answer | undefined>((all, name) => both(all, answers.get(name)), undefined);
  };
}

function namesOf(name: string): string[] {
  const goName = GO_NAME.exec(name)?.groups?.['name'];
  const pytestName = PYTEST_NAME.exec(name)?.groups?.['name']?.replaceAll('::', '.');
  return [name, goName, pytestName].filter((one) => one !== undefined);
}

function both(one: Answer | undefined, other: Answer | undefined): Answer | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { passed: one.passed && other.passed, kept: one.kept && other.kept };
}

function isCut(name: string): boolean {
  return name.includes('::') && name.includes('[') && !name.endsWith(']');
}

function beginningWith(sorted: readonly string[], prefix: string): string[] {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (sorted[end]?.startsWith(prefix) === true) end += 1;
  return sorted.slice(low, end);
}
