import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { readBatchStatus, readProviderStatus } from '../database/read-status.ts';
import { EvalpoolError } from '../errors.ts';
import { showBatches, showProviders } from '../reports/show-status.ts';
import { withDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool status                  providers, and batches that are not finished
  evalpool status nightly          one batch, finished or not
  evalpool status --json`;

/** `evalpool status`: what is under way, and what holds it back. */
export function addStatusCommand(program: Command, config: () => Config): void {
  program
    .command('status')
    .description('Say what is under way and what holds it back')
    .argument('[batch]', 'name of a batch')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, options: { json?: true }) =>
      withDatabase(config(), async ({ database }) => {
        const batches = await readBatchStatus(database, name);
        if (name !== undefined && batches.length === 0)
          throw new EvalpoolError('USAGE', `there is no batch '${name}'`);
        const providers = await readProviderStatus(database);
        const text = options.json
          ? JSON.stringify({ providers, batches }, null, 2)
          : [showProviders(providers), showBatches(batches)].join('\n\n');
        process.stdout.write(`${text}\n`);
      }),
    );
}
