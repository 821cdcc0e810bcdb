import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { changeProvider } from '../database/change-shares.ts';
import { readProviderStatus } from '../database/read-status.ts';
import { EvalpoolError } from '../errors.ts';
import { showProviders } from '../reports/show-status.ts';
import { orNone, orNull, positive } from './batch-commands.ts';
import { wholeNumber } from './read-items.ts';
import { withDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool providers list
  evalpool providers set pro --max-sandboxes 50 --reserve 5
  evalpool providers set pro --max-sandboxes none             what its settings say again`;

interface LimitOptions {
  maxSandboxes?: number | 'none';
  createsPerS?: number | 'none';
  reserve?: number | 'none';
}

/** `evalpool providers`: where sandboxes come from, and changing their limits while they are used. */
export function addProvidersCommand(program: Command, config: () => Config): void {
  const providers = program
    .command('providers')
    .description('Show where sandboxes come from, and change their limits while they are used')
    .addHelpText('after', EXAMPLES);
  providers
    .command('list', { isDefault: true })
    .description('Use, limits, and what lowers them')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) =>
      withDatabase(config(), async ({ database }) => {
        const all = await readProviderStatus(database);
        process.stdout.write(`${options.json ? JSON.stringify(all, null, 2) : showProviders(all)}\n`);
      }),
    );
  providers
    .command('set')
    .description('Change limits at once, also past restarts; `none` goes back to what the settings say')
    .argument('<provider>', 'its name')
    .option('--max-sandboxes <n>', 'sandboxes at once', orNone(wholeNumber(0)))
    .option('--creates-per-s <n>', 'creations a second', orNone(positive))
    .option('--reserve <n>', 'sandboxes left to people who work by hand', orNone(wholeNumber(0)))
    .action(async (name: string, options: LimitOptions) =>
      withDatabase(config(), async ({ database, wake }) => {
        const { maxSandboxes, createsPerS, reserve } = options;
        const changes = {
          ...(maxSandboxes === undefined ? {} : { maxSandboxes: orNull(maxSandboxes) }),
          ...(createsPerS === undefined ? {} : { createsPerS: orNull(createsPerS) }),
          ...(reserve === undefined ? {} : { reserve: orNull(reserve) }),
        };
        if (!(await changeProvider(database, name, changes)))
          throw new EvalpoolError('USAGE', `there is no provider '${name}'; see \`evalpool providers list\``);
        for (const topic of ['dispatch', `slot:${name}`]) wake.send(topic);
        process.stdout.write(`provider ${name} is changed\n`);
      }),
    );
}
