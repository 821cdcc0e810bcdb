import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { deploymentId } from '../database/connect.ts';
import { harmlessLine } from '../harmless-text.ts';
import { reapSandboxes } from '../maintenance/reap-sandboxes.ts';
import { makeMetrics } from '../metrics/metrics.ts';
import { openSandboxes } from '../sandbox/e2b-sandboxes.ts';
import { readOpenRows } from '../slots/slots.ts';
import { withDatabase, type OpenDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool sandboxes list    the provider's list beside the ledger
  evalpool sandboxes reap    destroy those of this deployment that nobody owns`;

/** `evalpool sandboxes`: what the provider runs, and whose it is. */
export function addSandboxesCommand(program: Command, config: () => Config): void {
  const sandboxes = program
    .command('sandboxes')
    .description('Show the sandboxes of the account and whose they are; destroy what nobody owns')
    .addHelpText('after', EXAMPLES);
  sandboxes
    .command('list', { isDefault: true })
    .description("The provider's list beside the ledger")
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) =>
      withDatabase(config(), async (open) => {
        const rows = await compare(open);
        process.stdout.write(`${options.json ? JSON.stringify(rows, null, 2) : show(rows)}\n`);
      }),
    );
  sandboxes
    .command('reap')
    .description('Destroy the sandboxes of this deployment that nobody owns, now')
    .action(async () =>
      withDatabase(config(), async (open) => {
        process.stdout.write(`${await reap(open)}\n`);
      }),
    );
}

interface Row {
  sandbox: string;
  whose: 'ours' | 'ours, unknown to the ledger' | 'foreign' | 'not at the provider';
  ledger: string;
  evaluation: string;
  startedAt: string;
  paused: boolean;
}

async function compare({ database, provider }: OpenDatabase): Promise<Row[]> {
  const deployment = await deploymentId(database);
  const ledger = await readOpenRows(database, provider.name);
  const listed = await openSandboxes(provider).list({});
  const rows = listed.map(({ id, metadata, startedAt, paused }): Row => {
    const own = metadata['deployment'] === deployment;
    const row = ledger.find((each) => each.nonce === metadata['nonce']);
    const whose = own ? (row ? 'ours' : 'ours, unknown to the ledger') : 'foreign';
    const evaluation = own ? `${metadata['evaluation'] ?? ''}/${metadata['attempt'] ?? ''}` : '';
    return {
      sandbox: id,
      whose,
      ledger: row?.state ?? '',
      evaluation,
      startedAt: startedAt.toISOString(),
      paused,
    };
  });
  const seen = new Set(listed.map(({ metadata }) => metadata['nonce']));
  const missing = ledger.filter(({ nonce }) => !seen.has(nonce));
  return [
    ...rows,
    ...missing.map((row): Row => ({
      sandbox: row.sandboxId ?? '(no reply)',
      whose: 'not at the provider',
      ledger: row.state,
      evaluation: '',
      startedAt: '',
      paused: false,
    })),
  ];
}

function show(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no sandboxes';
  const table = new Table({
    head: ['sandbox', 'whose', 'ledger', 'evaluation/attempt', 'started'],
    style: { head: [], border: [] },
  });
  for (const { sandbox, whose, ledger, evaluation, startedAt, paused } of rows)
    table.push([
      harmlessLine(sandbox, 40),
      whose,
      ledger,
      evaluation,
      `${startedAt}${paused ? ' (paused)' : ''}`,
    ]);
  return table.toString();
}

async function reap({ database, provider, log }: OpenDatabase): Promise<string> {
  const context = {
    database,
    sandboxes: openSandboxes(provider),
    provider: provider.name,
    deployment: await deploymentId(database),
    metrics: makeMetrics([provider.name]),
    log,
  };
  const before = await context.sandboxes.list({ deployment: context.deployment });
  const condemned = await reapSandboxes(context, new Set(), true);
  // What was condemned before this look may still be its owner's to destroy: it gets a second one.
  await reapSandboxes(context, condemned, false);
  const after = await context.sandboxes.list({ deployment: context.deployment });
  return `${before.length - after.length} destroyed, ${after.length} of this deployment live`;
}
