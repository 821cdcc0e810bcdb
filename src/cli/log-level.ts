import { Option, type Command } from 'commander';
import type { Config } from '../config.ts';
import {
  clearLogLevel,
  LOG_KINDS,
  readLogLevels,
  setLogLevel,
  type LogKind,
  type SetLevel,
} from '../database/log-levels.ts';
import { EvalpoolError } from '../errors.ts';
import { LOG_LEVELS } from '../log-level.ts';
import { positive } from './batch-commands.ts';
import { withDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool log-level                                 what is set, if anything
  evalpool log-level debug --of evaluator --for 10   evaluators tell more, for ten minutes
  evalpool log-level default --of evaluator          what they were started with`;

interface LevelOptions {
  of: LogKind;
  for: number;
}

/** `evalpool log-level`: how much all processes of the deployment tell in their logs, changed while they run. */
export function addLogLevelCommand(program: Command, config: () => Config): void {
  program
    .command('log-level')
    .description('Change how much processes tell in their logs, on all machines, while they run')
    .argument('[level]', `${LOG_LEVELS.join(', ')}, or default`)
    .addOption(new Option('--of <kind>', 'whose logs').choices(LOG_KINDS).default('all'))
    .option('--for <minutes>', 'for so long; then each goes back to what it was started with', positive, 60)
    .addHelpText('after', EXAMPLES)
    .action(async (level: string | undefined, options: LevelOptions) =>
      withDatabase(config(), async ({ database }) => {
        if (level === 'default') await clearLogLevel(database, options.of);
        else if (level !== undefined) await setLogLevel(database, wanted(level, options));
        process.stdout.write(`${show(await readLogLevels(database))}\n`);
      }),
    );
}

function wanted(level: string, options: LevelOptions): SetLevel {
  const known = LOG_LEVELS.find((each) => each === level);
  if (known) return { kind: options.of, level: known, forS: options.for * 60 };
  throw new EvalpoolError(
    'USAGE',
    `level: expected one of ${LOG_LEVELS.join(', ')}, default; got '${level}'`,
  );
}

function show(levels: readonly SetLevel[]): string {
  if (levels.length === 0) return 'every process logs as it was started';
  return levels
    .map(({ kind, level, forS }) => `${kind}: ${level} for another ${Math.ceil(forS / 60)} min`)
    .join('\n');
}
