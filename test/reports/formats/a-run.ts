import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ResultLine } from '../../../src/reports/comparison/tally-results.ts';
import type { Format, SampleRow, Wishes } from '../../../src/reports/formats/format.ts';
import { openRunFolder, type RunFolder } from '../../../src/reports/formats/run-folder.ts';

/** Text that tries everything at once: markup, quotes, separators, control characters, half a character. */
export const HOSTILE = `<img src=x onerror=alert(1)>&amp;]]></script>"'|\`,;\r\n\u0000\u001b[31m\ud800 @octocat #1 https://evil.test`;

/** A failure as results carry it. */
export function failure(code: string, stage: string | null, message: string): object {
  return { code, stage, message, next: 'Read the log.' };
}

/** A run with one result of each kind, hostile ones too. */
export const RESULTS = [
  {
    id: 'a__a-1',
    labels: { model: 'm/1', language: 'python' },
    outcome: 'passed',
    exitCode: 0,
    tests: [
      { name: 't.py::test_a', status: 'passed', seconds: 0.5 },
      { name: 't.py::test_x', status: 'xfailed' },
    ],
    seconds: { queue: 9, create: 0.25, test: 2 },
    attempts: 1,
    startedAt: '2026-11-24T07:00:00.000Z',
    finishedAt: '2026-11-24T07:00:05.000Z',
  },
  {
    id: 'a__a-2',
    labels: { model: 'm/1', language: 'go' },
    outcome: 'failed',
    reason: 'tests',
    failure: failure('TESTS_FAILED', 'test', '1 of 2 tests failed'),
    exitCode: 1,
    tests: [
      { name: 't.py::test_a', status: 'failed', message: 'assert 1 == 2' },
      { name: 't.py::test_b', status: 'skipped' },
    ],
    seconds: { create: 1, test: 1.5 },
    attempts: 2,
    logs: { test: 'logs/a__a-2-0/test.log' },
  },
  { id: 'a__a-2', sample: 1, labels: { model: 'm/1', language: 'go' }, outcome: 'passed' },
  {
    id: HOSTILE,
    labels: { model: HOSTILE, [HOSTILE]: '=1+1' },
    outcome: 'timed_out',
    reason: 'tests',
    failure: failure('TEST_TIMED_OUT', 'test', HOSTILE),
    tests: [{ name: HOSTILE, status: 'passed', message: HOSTILE }],
    logs: { test: 'logs/hostile/test.log' },
  },
  {
    id: 'a__a-4',
    labels: { model: 'm/1' },
    outcome: 'infra_error',
    reason: 'create',
    failure: failure('CREATE_FAILED', 'create', 'no room'),
  },
  {
    id: 'a__a-5',
    labels: { model: 'm/1' },
    outcome: 'invalid',
    reason: 'ref',
    failure: failure('REF_NOT_FOUND', 'fetch', 'no such ref'),
    logs: { fetch: '../../../etc/hostname' },
  },
  {
    id: 'a__a-6',
    labels: { model: 'm/1' },
    outcome: 'cancelled',
    reason: 'cancelled',
    failure: failure('CANCELLED', null, 'its batch was cancelled'),
  },
  { id: null, source: 'batch.jsonl:9', outcome: 'invalid', reason: 'unreadable', message: 'no JSON' },
];

const LOGS = {
  'logs/a__a-2-0/test.log': 'first\nE   assert 1 == 2\n',
  'logs/hostile/test.log': `${HOSTILE}\n\`\`\`\n<b>@octocat</b>\n`,
};

/** A results folder, removed by `remove`. */
export interface WrittenRun {
  folder: string;
  open(): Promise<RunFolder>;
  remove(): void;
}

/** Writes a results folder with these results. */
export function writeRun(results: readonly object[] = RESULTS, summary?: object): WrittenRun {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-formats-'));
  writeFileSync(
    join(folder, 'results.jsonl'),
    results.map((result) => `${JSON.stringify(result)}\n`).join(''),
  );
  writeFileSync(
    join(folder, 'summary.json'),
    JSON.stringify({ batch: 'night', provider: 'local', accepted: results.length, ...summary }),
  );
  for (const [path, text] of Object.entries(LOGS)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return {
    folder,
    open: async () => openRunFolder(folder, linesOf(results)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Values as the lines of a file, read anew by each call. */
export function linesOf(values: readonly unknown[]): () => AsyncGenerator<ResultLine> {
  return async function* read() {
    for (const [index, value] of values.entries()) yield { number: index + 1, text: JSON.stringify(value) };
  };
}

/** Values as the entries of a file of samples, read anew by each call. */
export function rowsOf(values: readonly unknown[]): () => AsyncGenerator<SampleRow> {
  return async function* read() {
    for (const [index, value] of values.entries())
      yield { source: `s.jsonl:${index + 1}`, value, key: undefined };
  };
}

/** The text of a run in a form. */
export async function textOf(
  format: Format | undefined,
  run: RunFolder,
  wishes: Wishes = {},
): Promise<string> {
  if (!format || !('text' in format)) throw new Error('expected a form that is one text');
  let all = '';
  for await (const text of format.text(run, wishes)) all += text;
  return all;
}
