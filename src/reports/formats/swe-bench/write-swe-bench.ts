import { join } from 'node:path';
import { z } from 'zod';
import { EvalpoolError } from '../../../errors.ts';
import { folderName } from '../../log-folder.ts';
import type { ExportedFile, Wishes } from '../format.ts';
import { whyOf, type ResultRecord, type RunFolder } from '../run-folder.ts';
import { endingOf, type Ending } from './endings.ts';
import { openRunReport, type RunReport } from './run-report.ts';

// 1. logs/run_evaluation/<run>/<model>/<instance>/ for each instance: report.json, test_output.txt, run_instance.log.
// 2. patch.diff beside them where the predictions are given.
// 3. <model>.<run>.json, a report for each model. A run's further samples are runs of their own: <run>.1, <run>.2, …

const NO_MODEL = 'evalpool';
const HAS_REPORT = new Set<Ending['kind']>(['resolved', 'unresolved', 'ambiguous', 'infra']);

const Prediction = z.object({
  instance_id: z.string(),
  model_name_or_path: z.string().optional(),
  model_patch: z.string().nullish(),
});

/** The files of SWE-bench's harness, as if it had evaluated this run. */
export async function* writeSweBench(run: RunFolder, wishes: Wishes): AsyncGenerator<ExportedFile> {
  const reports = new Map<string, RunReport>();
  for await (const record of run.records()) {
    const { id } = record;
    if (id === null) continue;
    const runId = record.sample === 0 ? run.name : `${run.name}.${record.sample}`;
    const model = record.labels['model'] ?? wishes.model ?? NO_MODEL;
    const ending = endingOf(record);
    const name = `${modelName(model)}.${folderName(runId)}.json`;
    const report = reports.get(name) ?? openRunReport();
    report.add(id, ending.kind, reasonOf(record, ending));
    reports.set(name, report);
    yield* instanceFiles(run, record, folderOf({ runId, model, id }));
  }
  yield* patches(run, wishes);
  for (const [path, report] of reports) yield { path, text: json(report.report()) };
}

function* instanceFiles(run: RunFolder, record: ResultRecord, folder: string): Generator<ExportedFile> {
  const ending = endingOf(record);
  if (HAS_REPORT.has(ending.kind)) {
    const report = { [record.id ?? '']: instanceReport(record, ending) };
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

async function* patches(run: RunFolder, { samples, model }: Wishes): AsyncGenerator<ExportedFile> {
  if (!samples) return;
  for await (const { number, text } of samples()) {
    const prediction = parsePrediction(number, text);
    if (!prediction.model_patch) continue;
    const folder = folderOf({
      runId: run.name,
      model: prediction.model_name_or_path ?? model ?? NO_MODEL,
      id: prediction.instance_id,
    });
    yield { path: join(folder, 'patch.diff'), text: prediction.model_patch };
  }
}

function parsePrediction(number: number, text: string | null): z.output<typeof Prediction> {
  try {
    return Prediction.parse(JSON.parse(text ?? ''));
  } catch (cause) {
    const message = `--samples: line ${number} is no prediction with an instance_id and a model_patch`;
    throw new EvalpoolError('INPUT_UNREADABLE', message, { cause });
  }
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
