import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { compareRuns, type Comparison } from '../reports/comparison/compare-runs.ts';
import { showComparison, verdictLine } from '../reports/comparison/show-comparison.ts';
import { EXIT } from './exit-codes.ts';
import { rate } from './read-items.ts';
import { readCompared } from './read-compared.ts';
import { readQuarantine } from './read-quarantine.ts';

const ONLY_TASKS = 'quarantine: compare goes by verdicts, so its lines with a test change nothing here';

interface CompareOptions {
  json?: true;
  minCompletion: number;
  quarantine?: string;
}

const EXAMPLES = `
Examples:
  evalpool compare results/monday results/tuesday
  evalpool compare nightly-2026-11-22 nightly-2026-11-23 --json
  evalpool compare main.jsonl branch.jsonl --min-completion 0.95

Exit codes: 0 B is not significantly worse, 4 it is; else 1 fewer of A's tasks could be paired than --min-completion,
2 bad usage or input, or nothing to compare.`;

/** `evalpool compare`: says whether a run is better or worse than another over the same tasks. */
export function addCompareCommand(
  program: Command,
  config: () => Config,
  exit: (code: number) => void,
): void {
  program
    .command('compare')
    .description('Say whether run B is better or worse than run A, task by task')
    .argument('<A>', 'results folder, results.jsonl, or name of a batch')
    .argument('<B>', 'the same of the run that is judged')
    .option('--json', 'as JSON, with all flips')
    .option('--min-completion <rate>', "share of A's tasks that must be graded in both, 0 to 1", rate, 1)
    .option('--quarantine <file>', 'ids of tasks, one a line, that are not paired; they are counted')
    .addHelpText('after', EXAMPLES)
    .action(async (a: string, b: string, options: CompareOptions) => {
      const [runA, runB] = await readCompared(config, [a, b]);
      if (!runA || !runB) throw new EvalpoolError('USAGE', 'expected two runs');
      const quarantine = await readQuarantine(options.quarantine);
      if (quarantine && quarantine.tests.size > 0) process.stderr.write(`${ONLY_TASKS}\n`);
      const comparison = compareRuns(runA, runB, quarantine?.tasks);
      const line = verdictLine(comparison);
      const text = options.json
        ? JSON.stringify({ ...comparison, line }, null, 2)
        : showComparison(comparison);
      process.stdout.write(`${text}\n`);
      exit(exitCode(comparison, options));
    });
}

function exitCode({ pairedRates, verdict, completion }: Comparison, options: CompareOptions): number {
  if (!pairedRates) return EXIT.usage;
  if (verdict === 'worse') return EXIT.worse;
  return completion < options.minCompletion ? EXIT.incomplete : EXIT.done;
}
