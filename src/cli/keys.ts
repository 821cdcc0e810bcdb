import { InvalidArgumentError, Option, type Command } from 'commander';
import { SCOPES, type Scope } from '../api-key.ts';
import type { Config } from '../config.ts';
import { addKey, listKeys, revokeKey, type ApiKey } from '../database/api-keys.ts';
import { EvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import { plainTable } from '../reports/plain-table.ts';
import { positive } from './batch-commands.ts';
import { withDatabase } from './use-database.ts';

const EXAMPLES = `
Examples:
  evalpool keys create --tenant research --label 'CI of research'
  evalpool keys create --tenant ops --scope admin --days 90
  evalpool keys list
  evalpool keys revoke 3`;

interface CreateOptions {
  tenant: string;
  label: string;
  scope: Scope[];
  days?: number;
  json?: true;
}

/** `evalpool keys`: who may use the HTTP API, and for what. */
export function addKeysCommand(program: Command, config: () => Config): void {
  const keys = program
    .command('keys')
    .description('Make, list and revoke keys of the HTTP API')
    .addHelpText('after', EXAMPLES);
  keys
    .command('create')
    .description('Make a key; it is printed once and cannot be read again')
    .option('--tenant <name>', 'whose batches it is for', tenantName, 'default')
    .option('--label <text>', 'who or what uses it', labelText, '')
    .addOption(
      new Option('--scope <scopes>', `what it allows: ${SCOPES.join(', ')}`)
        .argParser(scopesOf)
        .default(['submit', 'read'], 'submit,read'),
    )
    .option('--days <n>', 'how long it is good for (default: until it is revoked)', positive)
    .option('--json', 'as JSON')
    .action(async (options: CreateOptions) => createKey(config(), options));
  keys
    .command('list')
    .description('List all keys, without their secrets')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => showAll(config(), options));
  keys
    .command('revoke')
    .description('End a key at once')
    .argument('<id>', 'as `evalpool keys list` shows it')
    .action(async (id: string) => revoke(config(), id));
}

const BY = { tenant: 'default', actor: 'cli' };
const DAY_MS = 86_400_000;

async function createKey(config: Config, options: CreateOptions): Promise<void> {
  const { tenant, label, scope: scopes, days } = options;
  const expiresAt = days === undefined ? null : new Date(Date.now() + days * DAY_MS);
  await withDatabase(config, async ({ database }) => {
    const { key, secret } = await addKey(database, BY, { tenant, label, scopes, expiresAt });
    if (options.json) process.stdout.write(`${JSON.stringify({ ...key, secret }, null, 2)}\n`);
    else {
      process.stderr.write(
        `key ${key.id} of tenant ${tenant} (${scopes.join(', ')}); it is not shown again:\n`,
      );
      process.stdout.write(`${secret}\n`);
    }
  });
}

async function showAll(config: Config, options: { json?: true }): Promise<void> {
  await withDatabase(config, async ({ database }) => {
    const all = await listKeys(database, null);
    process.stdout.write(`${options.json ? JSON.stringify(all, null, 2) : showKeys(all)}\n`);
  });
}

async function revoke(config: Config, id: string): Promise<void> {
  await withDatabase(config, async ({ database }) => {
    const known = /^\d{1,18}$/.test(id) && (await revokeKey(database, BY, { id, tenant: null }));
    if (!known)
      throw new EvalpoolError('USAGE', `there is no key ${harmlessLine(id, 40)}; see \`evalpool keys list\``);
    process.stdout.write(`key ${id} is revoked\n`);
  });
}

function showKeys(all: readonly ApiKey[]): string {
  if (all.length === 0) return 'there is no key yet; `evalpool keys create` makes one';
  const table = plainTable(['id', 'tenant', 'allows', 'made', 'good until', 'label']);
  for (const key of all) {
    const made = key.createdAt.toISOString().slice(0, 10);
    table.push([key.id, key.tenant, key.scopes.join(','), made, goodUntil(key), key.label]);
  }
  return table.toString();
}

function goodUntil({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt) return `revoked ${revokedAt.toISOString().slice(0, 10)}`;
  if (!expiresAt) return 'revoked';
  const day = expiresAt.toISOString().slice(0, 10);
  return expiresAt.getTime() > Date.now() ? day : `expired ${day}`;
}

function labelText(text: string): string {
  return harmlessLine(text, 100);
}

function scopesOf(text: string): Scope[] {
  return text.split(',').map((part) => {
    const scope = SCOPES.find((each) => each === part.trim());
    if (scope) return scope;
    throw new InvalidArgumentError(`expected some of ${SCOPES.join(', ')}, got '${part}'`);
  });
}

// A tenant's name stands in metrics, tables and paths of the API.
function tenantName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError(`expected letters, digits, . _ - (at most 63), got '${text}'`);
}
