import type { Command } from 'commander';
import { EvalpoolError } from '../errors.ts';
import { findFormat, FORMAT_NAMES, FORMATS } from '../reports/formats/formats.ts';
import type { Format, Wishes } from '../reports/formats/format.ts';
import { writeExport } from '../reports/formats/write-export.ts';
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

/** What is to be exported, checked before anything runs; samples are those of the input. Throws USAGE. */
export async function readRunExports(
  {
    export: given,
    format: form,
    predictions,
  }: RunExportOptions & Pick<InputOptions, 'format' | 'predictions'>,
  input: string | undefined,
): Promise<RunExport[]> {
  if (given.length === 0) return [];
  const samples = form === 'specs' ? undefined : (predictions ?? input);
  const lines = samples === undefined ? undefined : await samplesOf(samples);
  return given.map((text) => {
    const [, name = text, out] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    const takesSamples = Object.hasOwn(FORMATS, name) && FORMATS[name]?.takes.includes('samples');
    const wishes = takesSamples ? { samples: lines } : {};
    const format = findFormat(name, wishes, '--export');
    if (out === undefined) throw new EvalpoolError('USAGE', `--export: expected ${name}=PATH, got '${text}'`);
    return { format, wishes, out };
  });
}

/** Writes the exports of a run that has written its results to `folder`. Throws USAGE when one cannot be written. */
export async function writeRunExports(exports: readonly RunExport[], folder: string): Promise<void> {
  for (const one of exports) await writeExport(one.format, { ...one, run: await openResults(folder) });
}
