import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { withoutDoubles } from '../intake/no-doubles.ts';
import type { BadLine } from '../intake/problem.ts';
import { openProgress } from '../reports/progress.ts';
import { sessionOf } from '../slots/tiers.ts';
import { cliLog } from './cli-log.ts';
import { addShareOptions, readShares, type ShareOptions } from './batch-commands.ts';
import { EXIT, EXIT_HELP } from './exit-codes.ts';
import {
  addRunExportOptions,
  readRunExports,
  writeRunExports,
  type RunExportOptions,
} from './export-options.ts';
import { listenForInterrupts } from './interrupts.ts';
import {
  addInputOptions,
  openReading,
  rate,
  wholeNumber,
  type InputOptions,
  type Reading,
} from './read-items.ts';
import { readQuarantine } from './read-quarantine.ts';
import { runBatch } from './run-batch.ts';
import { addMetricsOptions, openRunMetrics, type MetricsOptions } from './run-metrics.ts';
import { showProblems } from './show-problems.ts';
import { startStack } from './start-stack.ts';
import { exitCodeOf, tellOutcome } from './tell-outcome.ts';

interface RunOptions extends InputOptions, ShareOptions, MetricsOptions, RunExportOptions {
  batch?: string;
  provider?: string;
  concurrency?: number;
  out?: string;
  strict?: true;
  json?: true;
  minCompletion: number;
  failUnder?: number;
  passAt?: number[];
  quarantine?: string;
}

const EXAMPLES = `
Examples:
  evalpool run batch.jsonl
  evalpool run nightly/ --batch nightly-2026-11-22 --concurrency 8 --out results/nightly
  evalpool run batch.jsonl --filter language=python --filter 'django__*' --limit 20
  make-specs | evalpool run - --json --min-completion 0.99 --fail-under 0.6
  evalpool run --format humaneval --problems HumanEval.jsonl samples.jsonl --pass-at 1,10
  evalpool run --format humaneval --problems HumanEval.jsonl --gold
  evalpool run batch.jsonl --export junit=out.xml --export markdown=report.md
  evalpool run --format swebench --instances verified.jsonl --predictions preds.json --templates table.json

Run again with the same --batch to go on after an interruption: what has a result is not evaluated again.
${EXIT_HELP}`;

const STOPPING = 'stopping: the batch is paused (once more: at once)';

/** `evalpool run`: evaluates a batch and says how it went. */
export function addRunCommand(
  program: Command,
  config: (provider?: string) => Config,
  exit: (code: number) => void,
): void {
  const command = program
    .command('run')
    .description('Evaluate a batch of specs, each in a sandbox of its own');
  addRunExportOptions(addMetricsOptions(addShareOptions(addInputOptions(command))))
    .option('--batch <name>', 'name of the batch; given again, it is gone on with')
    .option('--provider <name>', 'where sandboxes come from (default: EVALPOOL_PROVIDER, else local)')
    .option('--concurrency <n>', "sandboxes at once, at most the tier's", wholeNumber(1))
    .option('--out <folder>', 'where results, logs and summary go (default: results/<batch>)')
    .option('--strict', 'stop before anything runs if any line is no valid spec')
    .option('--json', 'only the summary, as JSON, on standard output')
    .option('--min-completion <rate>', 'graded share of the batch that is asked for, 0 to 1', rate, 1)
    .option('--fail-under <rate>', 'lowest pass rate that is no failure, 0 to 1', rate)
    .option('--pass-at <k,…>', 'tell pass@k of several samples per task (default: 1, 5, 10, 100)', numbers)
    .option(
      '--quarantine <file>',
      'ids of tasks, or id, tab and name of a test, one a line: --fail-under leaves them out; they are reported',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (input: string | undefined, options: RunOptions) => {
      exit(await run(config(options.provider), input, options));
    });
}

async function run(config: Config, input: string | undefined, options: RunOptions): Promise<number> {
  const name = checkName(options.batch ?? newName());
  const out = options.out ?? join('results', name);
  const quarantine = await readQuarantine(options.quarantine);
  const exports = await readRunExports(options, input);
  const progress = openProgress(process.stderr);
  const [session, say] = [sessionOf(config.provider), (line: string) => progress.say(line)];
  const reading = await openReading(input, options, { twice: options.strict === true, session, say });
  const interrupts = listenForInterrupts(() => progress.say(STOPPING));
  const metrics = await openRunMetrics(options, say);
  try {
    if (options.strict) await refuseBadLines(reading);
    const outcome = await runBatch({
      start: () => startStack(config, options, progress),
      log: cliLog(config),
      name,
      shares: readShares(options),
      out,
      passAt: options.passAt,
      quarantine,
      gold: options.gold === true,
      items: reading.items(),
      progress,
      metrics,
      signal: interrupts.signal,
    });
    tellOutcome(outcome, out, options);
    await writeRunExports(exports, out);
    return exitCodeOf(outcome, options);
  } catch (error) {
    if (!interrupts.signal.aborted) throw error;
    progress.say(error instanceof Error ? error.message : String(error));
    return EXIT.interrupted;
  } finally {
    interrupts.release();
    await metrics.close();
    await reading.close();
  }
}

async function refuseBadLines(reading: Reading): Promise<void> {
  const bad: BadLine[] = [];
  for await (const item of withoutDoubles(reading.items())) if ('bad' in item) bad.push(item.bad);
  if (bad.length === 0) return;
  for (const line of showProblems(bad, bad.length)) process.stderr.write(`${line}\n`);
  throw new EvalpoolError(
    'SPEC_INVALID',
    `--strict: ${bad.length} lines are no valid specs; nothing was run`,
  );
}

function numbers(text: string): number[] {
  return [...new Set(text.split(',').map((part) => wholeNumber(1)(part.trim())))].toSorted((a, b) => a - b);
}

// Its name is a folder too.
function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  throw new EvalpoolError('USAGE', `--batch: expected letters, digits, . _ - (at most 100), got '${name}'`);
}

function newName(): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${randomBytes(2).toString('hex')}`;
}
