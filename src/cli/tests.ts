import { Option, type Command } from 'commander';
import type { Config } from '../config.ts';
import { readTests, type FoundTests, type TestFilter } from '../database/read-tests.ts';
import { harmlessLine } from '../harmless-text.ts';
import { plainTable } from '../reports/plain-table.ts';
import { TEST_STATUSES } from '../result.ts';
import { wholeNumber } from './read-items.ts';
import { batchNamed, withDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool tests nightly --status failed
  evalpool tests nightly --name '*test_unicode*' --json`;

const USUAL_LIMIT = 50;

/** `evalpool tests`: what the reports of a batch say of each test. */
export function addTestsCommand(program: Command, config: () => Config): void {
  program
    .command('tests')
    .description('List the tests of a batch: how often each came out how, over all samples')
    .argument('<batch>', 'name of the batch')
    .addOption(new Option('--status <status>', 'only those that came out so').choices(TEST_STATUSES))
    .option('--name <glob>', 'only tests of such names; * and ? match any characters')
    .option('--limit <n>', 'at most this many', wholeNumber(1), USUAL_LIMIT)
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (batch: string, { json, ...filter }: TestFilter & { json?: true }) =>
      withDatabase(config(), async ({ database }) => {
        const found = await readTests(database, await batchNamed(database, batch), filter);
        process.stdout.write(`${json ? JSON.stringify(found, null, 2) : show(found)}\n`);
      }),
    );
}

function show({ tests, found, results }: FoundTests): string {
  const rest = found - tests.length;
  const told = `${results} results of ${found} tests${rest > 0 ? `, ${rest} of them not shown: --limit` : ''}`;
  if (tests.length === 0) return told;
  const table = plainTable(['times', 'status', 'task', 'test']);
  for (const { task, test, status, count } of tests)
    table.push([count, status, harmlessLine(task, 60), harmlessLine(test, 120)]);
  return `${table.toString().replaceAll(/ +$/gm, '')}\n\n${told}`;
}
