import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EvalpoolError } from '../errors.ts';
import { readRows } from '../intake/formats/read-rows.ts';
import { readSolutions } from '../intake/formats/python/read-solutions.ts';
import { openInput } from '../intake/open-input.ts';
import { readLines } from '../intake/read-lines.ts';
import type { ResultLine } from '../reports/comparison/tally-results.ts';
import { countRun } from '../reports/formats/count-run.ts';
import { findFormat, FORMATS } from '../reports/formats/formats.ts';
import type { SampleRow, Wishes } from '../reports/formats/format.ts';
import { openRunFolder, type RunFolder } from '../reports/formats/run-folder.ts';
import { printExport, writeExport } from '../reports/formats/write-export.ts';
import { readInstanceTests } from './instance-tests.ts';

interface ExportOptions {
  format: string;
  out?: string;
  tests?: true;
  samples?: string;
  instances?: string;
  against?: string;
  model?: string;
}

const EXAMPLES = `
Forms:
${Object.entries(FORMATS)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}

Examples:
  evalpool export results/nightly --format csv --out nightly.csv
  evalpool export results/nightly --format junit --tests > junit.xml

All forms: docs/formats.md. At the end of a run: evalpool run … --export junit=out.xml`;

/** `evalpool export`: tells the results of a run in another form. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('Tell the results of a run in a form that other tools read')
    .argument('<results>', 'results folder of a run')
    .requiredOption('--format <form>', `one of ${Object.keys(FORMATS).join(', ')}`)
    .option('--out <path>', 'file or folder to write (default: standard output)')
    .option('--tests', 'an entry for each test instead of each evaluation')
    .option('--samples <file>', 'the samples or predictions that were evaluated, JSON Lines')
    .option('--instances <file>', "SWE-bench's instances, to tell which expected tests passed")
    .option('--against <results>', 'results folder of another run over the same tasks, to compare with')
    .option('--model <name>', 'the model, where no label `model` names it')
    .addHelpText('after', EXAMPLES)
    .action(exportResults);
}

async function exportResults(folder: string, options: ExportOptions): Promise<void> {
  const { format: name, out } = options;
  const wishes = await readWishes(options);
  const format = findFormat(name, wishes, '--format');
  const run = await openResults(folder);
  if (out !== undefined) return writeExport(format, { run, wishes, out });
  if ('files' in format)
    throw new EvalpoolError('USAGE', `--format ${name} is a folder of files: give --out FOLDER`);
  await printExport(format.text(run, wishes), process.stdout);
}

async function readWishes({ tests, samples, instances, against, model }: ExportOptions): Promise<Wishes> {
  return {
    tests,
    model,
    samples: samples === undefined ? undefined : await samplesOf(samples),
    instances: instances === undefined ? undefined : await readInstanceTests(instances),
    against: against === undefined ? undefined : (await countRun(await openResults(against))).run,
  };
}

/** Opens the results folder of a run for exports. Throws INPUT_UNREADABLE. */
export async function openResults(folder: string): Promise<RunFolder> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new EvalpoolError('INPUT_UNREADABLE', `${folder} is no results folder of a run`);
  return openRunFolder(folder, await linesOf(join(folder, 'results.jsonl')));
}

/** The samples or predictions of a file, or of a folder of solutions, read anew by each call. Throws INPUT_UNREADABLE. */
export async function samplesOf(path: string): Promise<() => AsyncIterable<SampleRow>> {
  // Said before anything runs, not after.
  if (!(await readSolutions(path))) await openInput(path);
  return async function* read() {
    const rows = (await readSolutions(path)) ?? readRows(path);
    for await (const row of rows) if (!('bad' in row)) yield row;
  };
}

/** The lines of a file, read anew by each call. Throws INPUT_UNREADABLE. */
export async function linesOf(path: string): Promise<() => AsyncIterable<ResultLine>> {
  const inputs = await openInput(path);
  return async function* read() {
    for (const input of inputs) yield* readLines(input.open());
  };
}
