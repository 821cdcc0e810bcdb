import { setImmediate as breathe } from 'node:timers/promises';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import type { TestStatus } from '../../result.ts';
import { refuseUncounted, UnreadableReport, type ReportedTests } from './reported.ts';

// saxes is linear, checks well-formedness and expands no entities of a document. A hostile report still takes its
// time: it is fed in pieces, so that the leases of this process are renewed meanwhile.

const CHUNK_CHARACTERS = 32 * 1024;
const MAX_DEPTH = 100;
const MAX_MESSAGE = 1_000;

/** Reads one JUnit XML report. Throws UnreadableReport unless it is whole and well-formed, or if it counts failures and names none. */
export async function readJunit(text: string, into: ReportedTests): Promise<void> {
  const before = into.tests.length;
  const parser = new SaxesParser();
  const cases = openCases(into);
  let depth = 0;
  parser.on('error', (error) => {
    throw new UnreadableReport(`it is not well-formed XML: ${error.message.slice(0, 200)}`);
  });
  parser.on('opentag', (tag) => {
    depth += 1;
    if (depth > MAX_DEPTH) throw new UnreadableReport(`its elements lie more than ${MAX_DEPTH} deep`);
    cases.open(tag);
  });
  parser.on('closetag', (tag) => {
    depth -= 1;
    cases.close(tag.name);
  });
  parser.on('text', (said) => cases.text(said));
  parser.on('cdata', (said) => cases.text(said));
  for (let at = 0; at < text.length; at += CHUNK_CHARACTERS) {
    parser.write(text.slice(at, at + CHUNK_CHARACTERS));
    await breathe();
  }
  parser.close();
  refuseUncounted(into.tests.slice(before), { tests: 0, failed: cases.failuresCounted() });
}

const STATUSES: Readonly<Record<string, TestStatus>> = {
  failure: 'failed',
  error: 'error',
  skipped: 'skipped',
};

// GoogleTest and CTest tell by an attribute what the others tell by an element.
const NOT_RUN = new Set(['notrun', 'suppressed', 'disabled', 'skipped']);
const NOT_PASSED = new Set(['fail', 'failed', 'error']);

interface OpenCase {
  name: string;
  status: TestStatus;
  seconds: number;
  message: string;
}

// A test case is what lies between its tags; whatever of its verdicts comes first counts. A verdict outside of any is that of its suite.
function openCases(into: ReportedTests): {
  open(tag: SaxesTagPlain): void;
  close(name: string): void;
  text(text: string): void;
  failuresCounted(): number;
} {
  let current: OpenCase | null = null;
  let inVerdict = false;
  let suite = '';
  let counted = 0;
  return {
    open({ name, attributes }) {
      if (name === 'testsuite') suite = attributes['name'] ?? '';
      if (name === 'testsuite' || name === 'testsuites')
        counted = Math.max(counted, countOf(attributes, 'failures'), countOf(attributes, 'errors'));
      if (name === 'testcase') current = startCase(attributes);
      const status = STATUSES[name];
      if (status === undefined) return;
      const message = attributes['message'] ?? '';
      if (current === null) return addSuite(into, { name: suite, status, message });
      if (current.status !== 'passed') return;
      current.status = attributes['type'] === 'pytest.xfail' ? 'xfailed' : status;
      current.message = message;
      inVerdict = true;
    },
    close(name) {
      if (STATUSES[name] !== undefined) inVerdict = false;
      if (name !== 'testcase' || current === null) return;
      const { seconds, ...test } = current;
      into.add(Number.isFinite(seconds) ? { ...test, seconds } : test);
      current = null;
    },
    text(text) {
      if (!inVerdict || current === null || current.message.length >= MAX_MESSAGE) return;
      const space = current.message === '' ? '' : '\n';
      current.message += space + text.trim().slice(0, MAX_MESSAGE);
    },
    failuresCounted: () => counted,
  };
}

function countOf(attributes: Record<string, string>, name: string): number {
  return Number(attributes[name] ?? 0) || 0;
}

function addSuite(into: ReportedTests, suite: { name: string; status: TestStatus; message: string }): void {
  if (suite.status !== 'skipped') into.add(suite);
}

function startCase(attributes: Record<string, string>): OpenCase {
  const [className, name] = [attributes['classname'] ?? '', attributes['name'] ?? ''];
  return {
    name: className === '' || className === name ? name : `${className}.${name}`,
    status: statusOf(attributes),
    seconds: Number.parseFloat(attributes['time'] ?? ''),
    message: '',
  };
}

function statusOf({ status = '', result = '' }: Record<string, string>): TestStatus {
  if (NOT_PASSED.has(status)) return 'failed';
  return NOT_RUN.has(status) || NOT_RUN.has(result) ? 'skipped' : 'passed';
}
