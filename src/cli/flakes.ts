import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { readLedger } from '../database/read-flakes.ts';
import { listFlakes, showFlakes } from '../reports/show-flakes.ts';
import { batchNamed, withDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool run gold.jsonl --repeat 5 --batch gold && evalpool flakes gold
  evalpool flakes                    over all batches that are stored
  evalpool flakes monday tuesday --json
  evalpool flakes --quarantine > flaky.txt`;

/** `evalpool flakes`: which tasks and tests came out both ways on the same spec. */
export function addFlakesCommand(program: Command, config: () => Config): void {
  program
    .command('flakes')
    .description('List tasks and tests that came out both ways although the same spec was evaluated')
    .argument('[batches...]', 'names of batches; default: all')
    .option('--json', 'as JSON, with all')
    .option(
      '--quarantine',
      'only lines for a file of --quarantine: flaky tests, and flaky tasks that have none',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[], options: { json?: true; quarantine?: true }) =>
      withDatabase(config(), async ({ database }) => {
        const ids = await Promise.all(names.map((name) => batchNamed(database, name)));
        const ledger = await readLedger(database, ids.length > 0 ? ids : null);
        const shown = options.quarantine ? listFlakes(ledger) : showFlakes(ledger);
        process.stdout.write(`${options.json ? JSON.stringify(ledger, null, 2) : shown}\n`);
      }),
    );
}
