import type { Command } from 'commander';
import { EvalpoolError } from '../errors.ts';
import { findFormat, FORMAT_NAMES, FORMATS } from '../reports/formats/formats.ts';
import type { Format, Wish, Wishes } from '../reports/formats/format.ts';
import { writeExport } from '../reports/formats/write-export.ts';
import { readInstanceTests } from './instance-tests.ts';
import { collect, type InputOptions } from './read-items.ts';
import { openResults, samplesOf } from './export.ts';

/** The option of `run` that names exports. */
export interface RunExportOptions {
  export: string[];
}

/** One export at the end of a run. */
export interface RunExport {
  format: Format;
  wishes: Wishes;
  out: string;
}

/** Adds the option that names exports. */
export function addRunExportOptions(command: Command): Command {
  return command.option(
    '--export <form=path>',
    `tell the results in this form too, once they are there: ${FORMAT_NAMES.join(', ')}; repeat for more`,
    collect,
    [],
  );
}

type Given = RunExportOptions & Pick<InputOptions, 'format' | 'predictions' | 'instances'>;

/** What is to be exported, checked before anything runs; samples and instances are those of the run. Throws USAGE, INPUT_UNREADABLE. */
export async function readRunExports(options: Given, input: string | undefined): Promise<RunExport[]> {
  const asked = options.export.map(parseExport);
  const known = await readKnown(
    options,
    input,
    asked.flatMap(({ name }) => takenBy(name)),
  );
  return asked.map(({ name, out, text }) => {
    const taken = takenBy(name);
    const wishes = Object.fromEntries(
      Object.entries(known).filter(([wish]) => taken.some((one) => one === wish)),
    );
    const format = findFormat(name, wishes, '--export');
    if (out === undefined) throw new EvalpoolError('USAGE', `--export: expected ${name}=PATH, got '${text}'`);
    return { format, wishes, out };
  });
}

function parseExport(text: string): { name: string; out: string | undefined; text: string } {
  const [, name = text, out] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  return { name, out, text };
}

function takenBy(name: string): readonly Wish[] {
  return (Object.hasOwn(FORMATS, name) && FORMATS[name]?.takes) || [];
}

async function readKnown(options: Given, input: string | undefined, taken: readonly Wish[]): Promise<Wishes> {
  const { format, predictions, instances } = options;
  const samples = format === 'humaneval' || format === 'evalplus' ? input : predictions;
  return {
    samples: samples !== undefined && taken.includes('samples') ? await samplesOf(samples) : undefined,
    instances:
      format === 'swebench' && instances !== undefined && taken.includes('instances')
        ? await readInstanceTests(instances)
        : undefined,
  };
}

/** Writes the exports of a run that has written its results to `folder`. Throws USAGE when one cannot be written. */
export async function writeRunExports(exports: readonly RunExport[], folder: string): Promise<void> {
  for (const one of exports) await writeExport(one.format, { ...one, run: await openResults(folder) });
}
