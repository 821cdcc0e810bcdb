import { InvalidArgumentError, type Command } from 'commander';
import type { Config } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { compareRuns, type Comparison } from '../reports/comparison/compare-runs.ts';
import { addSamples, callConfirmed, confirmFlips } from '../reports/comparison/confirm-flips.ts';
import { showComparison, verdictLine } from '../reports/comparison/show-comparison.ts';
import { showRerun, type Rerun } from '../reports/comparison/show-rerun.ts';
import { EXIT } from './exit-codes.ts';
import { rate } from './read-items.ts';
import { readCompared, refuseFolders } from './read-compared.ts';
import { readQuarantine } from './read-quarantine.ts';
import { rerunFlips } from './rerun-flips.ts';

const ONLY_TASKS = 'quarantine: compare goes by verdicts, so its lines with a test change nothing here';
const USUAL_TIMES = 3;

interface CompareOptions {
  json?: true;
  minCompletion: number;
  quarantine?: string;
  rerunFlips?: number | true;
}

const EXAMPLES = `
Examples:
  evalpool compare results/monday results/tuesday
  evalpool compare nightly-2026-11-22 nightly-2026-11-23 --json
  evalpool compare nightly-2026-11-22 nightly-2026-11-23 --rerun-flips 5
  evalpool compare main.jsonl branch.jsonl --min-completion 0.95

Exit codes: 0 B is not significantly worse, 4 it is; else 1 fewer of A's tasks could be paired than --min-completion,
2 bad usage or input, or nothing to compare.`;

/** `evalpool compare`: says whether a run is better or worse than another over the same tasks. */
export function addCompareCommand(
  program: Command,
  config: (provider?: string) => Config,
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
    .option(
      '--rerun-flips [n]',
      'evaluate flips that one sample cannot decide again, so often a side (default: 3); A and B are batches',
      times,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (a: string, b: string, options: CompareOptions) => {
      const { comparison, rerun } = await compare(config, [a, b], options);
      const line = verdictLine(comparison);
      const text = options.json
        ? JSON.stringify({ ...comparison, line, ...(rerun ? { rerun } : {}) }, null, 2)
        : [...(rerun ? [showRerun(rerun), ''] : []), showComparison(comparison)].join('\n');
      process.stdout.write(`${text}\n`);
      exit(exitCode(comparison, options));
    });
}

async function compare(
  config: (provider?: string) => Config,
  names: [string, string],
  options: CompareOptions,
): Promise<{ comparison: Comparison; rerun?: Rerun }> {
  if (options.rerunFlips !== undefined) await refuseFolders(names);
  const [runA, runB] = await readCompared(config, names);
  if (!runA || !runB) throw new EvalpoolError('USAGE', 'expected two runs');
  const quarantine = await readQuarantine(options.quarantine);
  if (quarantine && quarantine.tests.size > 0) process.stderr.write(`${ONLY_TASKS}\n`);
  const before = compareRuns(runA, runB, quarantine?.tasks);
  const flips = before.flips.filter(({ kind }) => kind === 'one_sample');
  if (options.rerunFlips === undefined || flips.length === 0) return { comparison: before };
  const often = options.rerunFlips === true ? USUAL_TIMES : options.rerunFlips;
  const { batch, fresh } = await rerunFlips(config, { names, flips, times: often });
  const tried = confirmFlips(flips, fresh);
  const [moreA, moreB] = [addSamples(runA, fresh.a), addSamples(runB, fresh.b)];
  const after = compareRuns(moreA, moreB, quarantine?.tasks, before.test === 'mcnemar');
  const rerun = { batch, times: often, before: verdictLine(before), flips: tried };
  return { comparison: callConfirmed(after, tried), rerun };
}

function exitCode({ pairedRates, verdict, completion }: Comparison, options: CompareOptions): number {
  if (!pairedRates) return EXIT.usage;
  if (verdict === 'worse') return EXIT.worse;
  return completion < options.minCompletion ? EXIT.incomplete : EXIT.done;
}

const LEAST_TIMES = 2;
const MOST_TIMES = 100;

// One fresh sample a side could not confirm anything.
function times(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= LEAST_TIMES && value <= MOST_TIMES) return value;
  throw new InvalidArgumentError(`expected a number from ${LEAST_TIMES} to ${MOST_TIMES}, got '${text}'`);
}
