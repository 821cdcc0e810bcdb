import type { Outcome } from '../../outcome.ts';
import type { Wishes } from './format.ts';
import { junitCase, type JunitCase, type JunitVerdict } from './junit-case.ts';
import { readLogTail } from './log-tail.ts';
import {
  nameOf,
  whyOf,
  workSeconds,
  type RecordedTest,
  type ResultRecord,
  type RunFolder,
} from './run-folder.ts';
import { xmlValue } from './xml-text.ts';

const OF_OUTCOME: Readonly<Record<Outcome, JunitVerdict>> = {
  passed: null,
  failed: 'failure',
  timed_out: 'failure',
  invalid: 'error',
  infra_error: 'error',
  cancelled: 'skipped',
};
const OF_STATUS: Readonly<Record<RecordedTest['status'], JunitVerdict>> = {
  passed: null,
  failed: 'failure',
  error: 'error',
  skipped: 'skipped',
  xfailed: 'skipped',
};
const TAIL_LINES = 30;

/**
 * JUnit XML: a test case for each evaluation in one suite, or (`tests`) a suite for each evaluation with its tests. Reads the
 * results twice, since the counts come first.
 */
export async function* writeJunit(run: RunFolder, { tests }: Wishes): AsyncGenerator<string> {
  const casesOf = tests ? testCases : (record: ResultRecord): JunitCase[] => [wholeCase(record, run.name)];
  const totals = noTotals();
  for await (const record of run.records()) casesOf(record).forEach((one) => count(totals, one));
  yield `<?xml version="1.0" encoding="UTF-8"?>\n${opening('testsuites', run.name, totals)}`;
  if (!tests) yield opening('testsuite', run.name, totals);
  for await (const record of run.records()) {
    const cases = casesOf(record);
    const whole = cases.find(({ verdict, labels }) => labels && verdict !== null);
    const tail = whole ? await readLogTail(run, record, TAIL_LINES) : '';
    const text = cases.map((one) => junitCase(one, one === whole ? tail : '')).join('');
    yield tests ? `${opening('testsuite', nameOf(record), totalsOf(cases))}${text}</testsuite>\n` : text;
  }
  yield `${tests ? '' : '</testsuite>\n'}</testsuites>\n`;
}

function wholeCase(record: ResultRecord, className: string): JunitCase {
  return {
    className,
    name: nameOf(record),
    seconds: workSeconds(record),
    verdict: OF_OUTCOME[record.outcome],
    type: record.failure?.code ?? record.reason,
    message: whyOf(record),
    labels: record.labels,
  };
}

// An evaluation that did not pass must not look as if it had: where none of its tests failed, it is a case itself.
function testCases(record: ResultRecord): JunitCase[] {
  const cases = record.tests.map((test) => testCase(test, nameOf(record)));
  const told = record.outcome === 'passed' ? cases.length > 0 : cases.some(isFailed);
  return told ? cases : [...cases, wholeCase(record, nameOf(record))];
}

function testCase({ name, status, seconds, message }: RecordedTest, className: string): JunitCase {
  return {
    className,
    name,
    seconds: seconds ?? 0,
    verdict: OF_STATUS[status],
    // How pytest says it, and its readers know it.
    type: status === 'xfailed' ? 'pytest.xfail' : '',
    message: message ?? '',
    labels: null,
  };
}

function isFailed({ verdict }: JunitCase): boolean {
  return verdict === 'failure' || verdict === 'error';
}

interface Totals {
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
  seconds: number;
}

function noTotals(): Totals {
  return { tests: 0, failures: 0, errors: 0, skipped: 0, seconds: 0 };
}

function totalsOf(cases: readonly JunitCase[]): Totals {
  const totals = noTotals();
  for (const one of cases) count(totals, one);
  return totals;
}

function count(totals: Totals, { verdict, seconds }: JunitCase): void {
  totals.tests += 1;
  totals.seconds += seconds;
  if (verdict === 'failure') totals.failures += 1;
  if (verdict === 'error') totals.errors += 1;
  if (verdict === 'skipped') totals.skipped += 1;
}

function opening(tag: string, name: string, { tests, failures, errors, skipped, seconds }: Totals): string {
  return (
    `<${tag} name=${xmlValue(name)} tests="${tests}" failures="${failures}" errors="${errors}" ` +
    `skipped="${skipped}" time="${seconds.toFixed(3)}">\n`
  );
}
