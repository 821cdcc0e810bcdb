import { InvalidArgumentError, Option, type Command } from 'commander';
import { EvalpoolError } from '../errors.ts';
import { nearestOf } from '../explain-issue.ts';
import type { FormatInput } from '../intake/formats/format-input.ts';
import {
  FORMAT_NAMES,
  FORMAT_OPTIONS,
  FORMATS,
  kebab,
  takes,
  usageOf,
  type FormatName,
} from '../intake/formats/formats.ts';

/** The options that say in which format the input is, and where its parts are. */
export interface FormatOptions {
  format: 'specs' | FormatName;
  problems?: string;
  instances?: string;
  predictions?: string;
  templates?: string;
  testCmd?: string;
  logParser?: string;
  gold?: true;
}

const HELP = `
Formats besides specs (docs/formats.md):
${FORMAT_NAMES.map((name) => `  --format ${usageOf(name)}\n      ${FORMATS[name].title}`).join('\n')}`;

/** Adds them. Each format has its own: the table says which. */
export function addFormatOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', `form of the input: specs, ${FORMAT_NAMES.join(', ')}`)
        .argParser(formatName)
        .default('specs'),
    )
    .option('--problems <file>', 'problems of HumanEval and the like, JSON Lines or JSON, .gz or not')
    .option('--instances <file>', 'instances of SWE-bench and the like, JSON Lines or JSON, .gz or not')
    .option('--predictions <file>', 'submissions for instances, JSON Lines or JSON')
    .option('--templates <file>', 'table: which template an image or an instance runs in')
    .option('--test-cmd <command>', 'runs the tests of instances that bring no command; {tests}: their files')
    .option('--log-parser <name>', 'reads the output of tests of instances that name no parser')
    .option('--gold', "evaluate the data set's own solutions")
    .addHelpText('after', HELP);
}

/** What a format's reader is given. */
export function formatInput(
  input: string | undefined,
  options: FormatOptions,
  say: (line: string) => void,
): FormatInput {
  const { problems, instances, predictions, templates, testCmd, logParser, gold = false } = options;
  return { input, problems, instances, predictions, templates, testCmd, logParser, gold, say };
}

/** Throws USAGE for options that specs do not take. */
export function refuseFormatOptions(options: FormatOptions): void {
  const taken = FORMAT_OPTIONS.find((name) => options[name] !== undefined) ?? (options.gold && 'gold');
  if (!taken) return;
  const fitting = FORMAT_NAMES.filter((name) => takes(name, taken));
  throw new EvalpoolError('USAGE', `--${kebab(taken)} needs --format ${fitting.join(' or ')}`);
}

function formatName(text: string): 'specs' | FormatName {
  const known = ['specs', ...FORMAT_NAMES] as const;
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`there is no format '${text}'; ${nearestOf(text, known)}`);
}
