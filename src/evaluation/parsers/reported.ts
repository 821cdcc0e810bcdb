import { harmlessLine, harmlessText } from '../../harmless-text.ts';
import type { TestResult, TestStatus } from '../../result.ts';

const MAX_TESTS = 50_000;
const MAX_NAME = 500;
const MAX_MESSAGE = 1_000;
const MAX_ALL_MESSAGES = 1_000_000;

/** The report cannot be judged by: its message says why. */
export class UnreadableReport extends Error {
  override readonly name = 'UnreadableReport';
}

/** Tests as they are read from one or more reports, bounded and harmless. */
export interface ReportedTests {
  /** Throws UnreadableReport when there are too many. */
  add(test: { name: string; status: TestStatus; seconds?: number; message?: string }): void;
  readonly tests: TestResult[];
}

/** Nothing reported yet. */
export function noTests(): ReportedTests {
  const tests: TestResult[] = [];
  let messageRoom = MAX_ALL_MESSAGES;
  return {
    tests,
    add({ name, status, seconds, message }) {
      if (tests.length >= MAX_TESTS) throw new UnreadableReport(`it has more than ${MAX_TESTS} tests`);
      const test: TestResult = { name: harmlessLine(name, MAX_NAME), status };
      if (seconds !== undefined && Number.isFinite(seconds) && seconds >= 0) test.seconds = seconds;
      if (message !== undefined && message !== '') {
        test.message = harmlessText(message.slice(0, Math.min(MAX_MESSAGE, messageRoom))).trim();
        messageRoom -= test.message.length;
      }
      tests.push(test);
    },
  };
}

/** True for a test that did not do what it should. */
export function isFailing(test: TestResult): boolean {
  return test.status === 'failed' || test.status === 'error';
}

/** Throws UnreadableReport when a report counts tests, or failed ones, that it does not name: part of it is lost. */
export function refuseUncounted(tests: readonly TestResult[], said: { tests: number; failed: number }): void {
  if (tests.length < said.tests)
    throw new UnreadableReport(`it counts ${said.tests} tests and names ${tests.length}`);
  if (said.failed > 0 && !tests.some(isFailing))
    throw new UnreadableReport(`it counts ${said.failed} failed tests and names none`);
}
