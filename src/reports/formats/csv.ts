import { isGraded } from '../../outcome.ts';
import { STAGES } from '../../stage.ts';
import { whyOf, workSeconds, type RecordedTest, type ResultRecord, type RunFolder } from './run-folder.ts';

type Cell = string | number | null;

const PASSED = new Set<RecordedTest['status']>(['passed', 'xfailed']);
const FAILED = new Set<RecordedTest['status']>(['failed', 'error']);

/** The columns before those of the labels, in their order. */
export const CSV_COLUMNS: ReadonlyArray<[name: string, cell: (record: ResultRecord) => Cell]> = [
  ['id', ({ id }) => id],
  ['sample', ({ id, sample }) => (id === null ? null : sample)],
  ['outcome', ({ outcome }) => outcome],
  ['graded', ({ outcome }) => (isGraded(outcome) ? 1 : 0)],
  ['passed', ({ outcome }) => (isGraded(outcome) ? Number(outcome === 'passed') : null)],
  ['reason', ({ reason }) => reason],
  ['code', ({ failure }) => failure?.code ?? null],
  ['stage', ({ failure }) => failure?.stage ?? null],
  ['message', whyOf],
  ['exit_code', ({ exitCode }) => exitCode],
  ['tests', ({ tests }) => tests.length],
  ['tests_passed', ({ tests }) => countOf(tests, PASSED)],
  ['tests_failed', ({ tests }) => countOf(tests, FAILED)],
  ['rewards', ({ rewards }) => (rewards ? JSON.stringify(rewards) : null)],
  ['attempts', ({ attempts }) => attempts],
  ['seconds', workSeconds],
  ['queue_seconds', ({ seconds }) => seconds['queue'] ?? null],
  ...STAGES.map((stage): [string, (record: ResultRecord) => Cell] => [
    `${stage}_seconds`,
    ({ seconds }) => seconds[stage] ?? null,
  ]),
  ['sandbox_seconds', ({ sandboxSeconds }) => sandboxSeconds],
  ['cost_usd', ({ costUsd }) => costUsd],
  ['provider', ({ provider }) => provider],
  ['template', ({ template }) => template],
  ['started_at', ({ startedAt }) => startedAt],
  ['finished_at', ({ finishedAt }) => finishedAt],
  ['source', ({ source }) => source],
  ['labels', ({ labels }) => JSON.stringify(labels)],
];

// More would make a wide table wider than spreadsheets are; all labels are in `labels`.
const MOST_LABELS = 100;

/** A row for each result, RFC 4180, with a column `label.<name>` for each label. Reads the results twice. */
export async function* writeCsv(run: RunFolder): AsyncGenerator<string> {
  const labels = await namesOfLabels(run);
  yield row([...CSV_COLUMNS.map(([name]) => name), ...labels.map((label) => `label.${label}`)]);
  for await (const record of run.records()) {
    const cells = CSV_COLUMNS.map(([, cell]) => cell(record));
    yield row([...cells, ...labels.map((label) => record.labels[label] ?? null)]);
  }
}

async function namesOfLabels(run: RunFolder): Promise<string[]> {
  const names = new Set<string>();
  for await (const { labels } of run.records()) {
    for (const name of Object.keys(labels)) if (names.size < MOST_LABELS) names.add(name);
  }
  return [...names];
}

function countOf(tests: readonly RecordedTest[], statuses: ReadonlySet<RecordedTest['status']>): number {
  return tests.filter(({ status }) => statuses.has(status)).length;
}

function row(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

// Spreadsheets run what begins so (OWASP, "CSV Injection"); the full-width signs are read as the others.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function quoted(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
