import { join } from 'node:path';
import { folderName } from '../../log-folder.ts';
import type { ExpectedTests, ExportedFile, Wishes } from '../format.ts';
import { whyOf, type ResultRecord, type RunFolder } from '../run-folder.ts';
import { endingOf, type Ending } from './endings.ts';
import { readPredictions } from '../samples.ts';
import { openRunReport, type RunReport } from './run-report.ts';

// 1. logs/run_evaluation/<run>/<model>/<instance>/ for each instance: report.json, test_output.txt, run_instance.log.
// 2. patch.diff beside them where the predictions are given.
// 3. <model>.<run>.json, a report for each model. Its further samples of an instance are runs of their own: <run>.1, <run>.2, …

const NO_MODEL = 'evalpool';
const HAS_REPORT = new Set<Ending['kind']>(['resolved', 'unresolved', 'ambiguous', 'infra']);

/** The files of SWE-bench's harness, as if it had evaluated this run. */
export async function* writeSweBench(run: RunFolder, wishes: Wishes): AsyncGenerator<ExportedFile> {
  const reports = new Map<string, RunReport>();
  const folders = new Map<string, string>();
  const runIdOf = numberRuns(run.name);
  for await (const record of run.records()) {
    const { id } = record;
    if (id === null) continue;
    const model = record.labels['model'] ?? wishes.model ?? NO_MODEL;
    const runId = runIdOf(model, id);
    const ending = endingOf(record);
    const name = `${modelName(model)}.${folderName(runId)}.json`;
    const report = reports.get(name) ?? openRunReport();
    report.add(id, ending.kind, reasonOf(record, ending));
    reports.set(name, report);
    const folder = folderOf({ runId, model, id });
    if (wishes.samples) folders.set(`${record.sample} ${id}`, folder);
    const expected = wishes.instances?.(id, record.tests);
    yield* instanceFiles(run, { record, folder, expected });
  }
  yield* patches(wishes, folders);
  for (const [path, report] of reports) yield { path, text: json(report.report()) };
}

interface Instance {
  record: ResultRecord;
  folder: string;
  expected: ExpectedTests | undefined;
}

function* instanceFiles(run: RunFolder, { record, folder, expected }: Instance): Generator<ExportedFile> {
  const ending = endingOf(record);
  if (HAS_REPORT.has(ending.kind)) {
    const report = { [record.id ?? '']: { ...instanceReport(record, ending), ...statusOf(expected) } };
    yield { path: join(folder, 'report.json'), text: json(report) };
  }
  const log = record.logs['test'];
  if (log !== undefined) yield { path: join(folder, 'test_output.txt'), copy: join(run.path, log) };
  yield { path: join(folder, 'run_instance.log'), text: instanceLog(record) };
}

function instanceReport(record: ResultRecord, ending: Ending): object {
  const reason = reasonOf(record, ending);
  return {
    patch_is_None: false,
    patch_exists: true,
    patch_successfully_applied: ['build', 'test', 'collect', 'destroy'].some(
      (stage) => stage in record.seconds,
    ),
    resolved: ending.kind === 'resolved',
    infra_failure: ending.kind === 'infra',
    ...(ending.kind === 'infra' && reason !== null ? { infra_failure_reason: reason } : {}),
  };
}

// What the harness tells of tests that were to fail, too, it leaves empty.
function statusOf(expected: ExpectedTests | undefined): object {
  if (!expected) return {};
  const none = { success: [], failure: [] };
  const { failToPass: FAIL_TO_PASS, passToPass: PASS_TO_PASS } = expected;
  return { tests_status: { FAIL_TO_PASS, PASS_TO_PASS, FAIL_TO_FAIL: none, PASS_TO_FAIL: none } };
}

function reasonOf(record: ResultRecord, { kind, word }: Ending): string | null {
  if (word !== null) return word;
  return kind === 'infra' || kind === 'error' ? record.reason || null : null;
}

function instanceLog(record: ResultRecord): string {
  const { outcome, reason, failure, seconds, attempts, provider, template, startedAt, finishedAt } = record;
  return [
    `${startedAt} started by evalpool at ${provider}, template ${template}`,
    ...Object.entries(seconds).map(([stage, took]) => `${stage}: ${took.toFixed(3)} s`),
    `${finishedAt} ${outcome}${reason ? ` (${reason})` : ''} after ${attempts} attempts`,
    ...(failure ? [`${failure.code}: ${whyOf(record)} ${failure.next}`] : []),
    '',
  ].join('\n');
}

// As the intake counts them: the k-th prediction for an instance is its sample k − 1, whatever model it is of.
async function* patches(wishes: Wishes, folders: ReadonlyMap<string, string>): AsyncGenerator<ExportedFile> {
  if (!wishes.samples) return;
  const seen = new Map<string, number>();
  for await (const { instance_id: id, model_patch: text } of readPredictions(wishes)) {
    const sample = seen.get(id) ?? 0;
    seen.set(id, sample + 1);
    const folder = folders.get(`${sample} ${id}`);
    if (text && folder !== undefined) yield { path: join(folder, 'patch.diff'), text };
  }
}

// A run numbers the samples of an instance whatever model they are of; in reports each model has its own.
function numberRuns(name: string): (model: string, id: string) => string {
  const seen = new Map<string, number>();
  return (model, id) => {
    const key = JSON.stringify([model, id]);
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    return times === 0 ? name : `${name}.${times}`;
  };
}

function folderOf({ runId, model, id }: { runId: string; model: string; id: string }): string {
  return join('logs', 'run_evaluation', folderName(runId), modelName(model), folderName(id));
}

function modelName(model: string): string {
  return folderName(model.replaceAll('/', '__'));
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 4)}\n`;
}
