import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { harmlessLine } from '../harmless-text.ts';
import { OWN_RULES, readRules, type RuleBook } from '../intake/read-rules.ts';
import { showChanges } from '../reports/regrading/show-changes.ts';
import { showSamples } from '../reports/samples/show-samples.ts';
import { summaryLine } from '../reports/summary-line.ts';
import { regradeBatch, type RegradeOutcome } from './regrade-batch.ts';
import { batchNamed, withDatabase } from './use-database.ts';

interface RegradeOptions {
  rules?: string;
  out?: string;
  json?: true;
}

const EXAMPLES = `
A file of rules holds a line for each task, or one object without id for all:
  {"id": "django__django-11099", "expect": {"failToPass": ["tests.a"], "passToPass": []}}
  {"report": {"format": "pytest"}, "expect": null}
What is left out stays as the spec has it, null takes it away.

Examples:
  evalpool regrade nightly --rules rules.jsonl
  evalpool regrade nightly --rules rules.jsonl --out results/strict && evalpool compare nightly results/strict
  evalpool regrade nightly               its own rules, as this version reads the reports`;

/** `evalpool regrade`: judges a stored batch by other rules. */
export function addRegradeCommand(program: Command, config: () => Config): void {
  program
    .command('regrade')
    .description('Judge a stored batch by other rules; runs nothing, and the stored results stay')
    .argument('<batch>', 'name of the batch')
    .option('--rules <file>', 'what is to decide: JSON Lines of {id, expect?, report?} (default: its specs)')
    .option('--out <folder>', 'where results and summary go (default: results/<batch>-regraded)')
    .option('--json', 'only the summary, as JSON, on standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: RegradeOptions) => {
      const rules = options.rules === undefined ? OWN_RULES : await readRules(options.rules);
      const out = options.out ?? join('results', `${name}-regraded`);
      await withDatabase(config(), async ({ database, blobs }) => {
        const batchId = await batchNamed(database, name);
        const outcome = await regradeBatch({ database, batchId, blobs, rules, out });
        process.stdout.write(
          `${options.json ? JSON.stringify(outcome, null, 2) : show(outcome, rules, out)}\n`,
        );
      });
    });
}

function show(outcome: RegradeOutcome, rules: RuleBook, out: string): string {
  const { regraded } = outcome;
  const absent =
    regraded.absent.count === 0
      ? ''
      : `${regraded.absent.count} of ${rules.tasks.size} tasks with rules are not in the batch: ${regraded.absent.first.map((id) => harmlessLine(id, 60)).join(', ')}`;
  const parts = [showChanges(regraded, out), absent, showSamples(outcome.samples, out), summaryLine(outcome)];
  return [...parts, `results: ${join(out, 'results.jsonl')}`].filter(Boolean).join('\n\n');
}
