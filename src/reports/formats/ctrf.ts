import type { Outcome } from '../../outcome.ts';
import { VERSION } from '../../version.ts';
import type { Wishes } from './format.ts';
import { readLogTail } from './log-tail.ts';
import {
  nameOf,
  whyOf,
  workSeconds,
  type RecordedTest,
  type ResultRecord,
  type RunFolder,
} from './run-folder.ts';

// https://ctrf.io, specification 0.0.0.

type Status = 'passed' | 'failed' | 'skipped' | 'other';

const OF_OUTCOME: Readonly<Record<Outcome, Status>> = {
  passed: 'passed',
  failed: 'failed',
  timed_out: 'failed',
  invalid: 'other',
  infra_error: 'other',
  cancelled: 'skipped',
};
const OF_STATUS: Readonly<Record<RecordedTest['status'], Status>> = {
  passed: 'passed',
  failed: 'failed',
  error: 'failed',
  skipped: 'skipped',
  xfailed: 'other',
};
const TAIL_LINES = 30;

interface CtrfTest {
  name: string;
  status: Status;
  duration: number;
  [more: string]: unknown;
}

/** A CTRF report: a test for each evaluation, or (`tests`) for each of its tests. */
export async function* writeCtrf(run: RunFolder, { tests }: Wishes): AsyncGenerator<string> {
  const counts = { tests: 0, passed: 0, failed: 0, skipped: 0, pending: 0, other: 0 };
  const span = { start: Infinity, stop: -Infinity };
  const tool = JSON.stringify({ name: 'evalpool', version: VERSION });
  yield `{"reportFormat":"CTRF","specVersion":"0.0.0","generatedBy":"evalpool","results":{"tool":${tool},"tests":[`;
  for await (const record of run.records()) {
    const all = tests ? testsOf(record, run.name) : [await wholeTest(run, record)];
    for (const { status } of all) counts[status] += 1;
    const first = counts.tests === 0;
    counts.tests += all.length;
    const { start, stop } = timesOf(record);
    if (start !== undefined) span.start = Math.min(span.start, start);
    if (stop !== undefined) span.stop = Math.max(span.stop, stop);
    yield `${first ? '' : ','}\n${all.map((test) => JSON.stringify(test)).join(',\n')}`;
  }
  const start = Number.isFinite(span.start) ? span.start : 0;
  const stop = Number.isFinite(span.stop) ? span.stop : start;
  yield `\n],"summary":${JSON.stringify({ ...counts, start, stop })}}}\n`;
}

async function wholeTest(run: RunFolder, record: ResultRecord): Promise<CtrfTest> {
  const tail = record.outcome === 'passed' ? '' : await readLogTail(run, record, TAIL_LINES);
  return { ...bareTest(record, [run.name]), ...(tail ? { trace: tail } : {}) };
}

function bareTest(record: ResultRecord, suite: string[]): CtrfTest {
  const { outcome, failure, labels, attempts, logs } = record;
  const message = whyOf(record);
  const attachments = Object.entries(logs).map(([stage, path]) => ({
    name: `${stage}.log`,
    contentType: 'text/plain',
    path,
  }));
  return {
    name: named(nameOf(record)),
    status: OF_OUTCOME[outcome],
    duration: milliseconds(workSeconds(record)),
    ...timesOf(record),
    suite,
    ...(message ? { message } : {}),
    rawStatus: outcome,
    retries: Math.max(0, attempts - 1),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(failure ? { extra: { code: failure.code, stage: failure.stage, next: failure.next } } : {}),
  };
}

// An evaluation that did not pass must not look as if it had: where none of its tests failed, it is a test itself.
function testsOf(record: ResultRecord, batch: string): CtrfTest[] {
  const all = record.tests.map(({ name, status, seconds, message }): CtrfTest => ({
    name: named(name),
    status: OF_STATUS[status],
    duration: milliseconds(seconds ?? 0),
    suite: [batch, nameOf(record)],
    ...(message ? { message } : {}),
    rawStatus: status,
  }));
  const told = record.outcome === 'passed' ? all.length > 0 : all.some(({ status }) => status === 'failed');
  return told ? all : [...all, bareTest(record, [batch, nameOf(record)])];
}

function timesOf({ startedAt, finishedAt }: ResultRecord): { start?: number; stop?: number } {
  const [start, stop] = [Date.parse(startedAt), Date.parse(finishedAt)];
  return { ...(Number.isNaN(start) ? {} : { start }), ...(Number.isNaN(stop) ? {} : { stop }) };
}

function named(name: string): string {
  return name === '' ? '(no name)' : name;
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
