#!/usr/bin/env node
import { Command } from 'commander';
import { readConfig, type Config } from '../config.ts';
import { addBatchCommands } from './batch-commands.ts';
import { addBenchCommand } from './bench.ts';
import { addCompareCommand } from './compare.ts';
import { addDoctorCommand } from './doctor.ts';
import { addExplainCommand } from './explain.ts';
import { addExportCommand } from './export.ts';
import { addFlakesCommand } from './flakes.ts';
import { addKeysCommand } from './keys.ts';
import { addMigrateCommand } from './migrate.ts';
import { addProvidersCommand } from './providers.ts';
import { addLogLevelCommand } from './log-level.ts';
import { addPruneCommand } from './prune.ts';
import { addRegradeCommand } from './regrade.ts';
import { reportError } from './report-error.ts';
import { addRunCommand } from './run.ts';
import { addSandboxServerCommand } from './sandbox-server.ts';
import { addSandboxesCommand } from './sandboxes.ts';
import { addSchemaCommand } from './schema.ts';
import { addTemplateCommand } from './template.ts';
import { addStatusCommand } from './status.ts';
import { addTestsCommand } from './tests.ts';
import { surviveLostTerminal } from './terminal.ts';
import { addValidateCommand } from './validate.ts';
import { addVersionCommand } from './version.ts';

const EXAMPLES = `
Examples:
  evalpool doctor                    what is there, what is missing
  evalpool validate batch.jsonl      what would be evaluated, where, at what cost at most
  evalpool run batch.jsonl           evaluate it
  evalpool compare monday tuesday    better, worse, or noise
  evalpool export results/monday --format csv    its results for other tools
  evalpool run --help                more of them`;

function exit(code: number): void {
  process.exitCode = code;
}

function addCommands(program: Command, config: (provider?: string) => Config): void {
  addRunCommand(program, config, exit);
  addCompareCommand(program, config, exit);
  addRegradeCommand(program, config);
  addTestsCommand(program, config);
  addFlakesCommand(program, config);
  addExportCommand(program);
  addStatusCommand(program, config);
  addExplainCommand(program, config);
  addBatchCommands(program, config);
  addProvidersCommand(program, config);
  addSandboxesCommand(program, config);
  addKeysCommand(program, config);
  addLogLevelCommand(program, config);
  addValidateCommand(program, config, exit);
  addSchemaCommand(program);
  addSandboxServerCommand(program, exit);
  addTemplateCommand(program, config);
  addDoctorCommand(program, config, exit);
  addBenchCommand(program, config);
  addMigrateCommand(program, config);
  addPruneCommand(program, config);
  addVersionCommand(program);
}

async function main(): Promise<void> {
  surviveLostTerminal();
  let verbose = false;
  const config = (provider?: string): Config => {
    const read = readConfig(undefined, provider);
    verbose = ['debug', 'trace'].includes(read.logLevel);
    return read;
  };
  const program = new Command('evalpool')
    .description(
      'Evaluates batches of code in sandboxes: repo + patch + test command in, one verdict each out.',
    )
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .showHelpAfterError('See --help.');
  addCommands(program, config);
  try {
    await program.parseAsync();
  } catch (error) {
    exit(reportError(error, verbose));
  }
}

await main();
