import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { openBlobs } from '../blobs/blobs.ts';
import type { Config } from '../config.ts';
import type { Database } from '../database/connect.ts';
import { anythingUnderWay, readOldBatches, removeOldBatch, type OldBatch } from '../database/old-batches.ts';
import { harmlessLine } from '../harmless-text.ts';
import { shownName, Templates } from '../sandbox-server/templates/templates.ts';
import { withDatabase } from './use-database.ts';

interface PruneOptions {
  olderThan: number;
  yes?: true;
}

const EXAMPLES = `
Examples:
  evalpool prune                          what would be removed
  evalpool prune --older-than 7d --yes    remove it`;

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `evalpool prune`: removes what finished long ago. */
export function addPruneCommand(program: Command, config: () => Config): void {
  program
    .command('prune')
    .description(
      'Remove finished batches with their logs and reports, old mirrors of repos and unused snapshots of sandboxes',
    )
    .option('--older-than <age>', 'age, like 12h or 30d', parseAge, 30 * 86_400_000)
    .option('--yes', 'remove; without it, only say what would be removed')
    .addHelpText('after', EXAMPLES)
    .action(async (options: PruneOptions) => prune(config(), options));
}

/** Milliseconds of an age like 90m, 12h or 30d. */
export function parseAge(text: string): number {
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit ?? ''];
  if (number === undefined || unitMs === undefined) {
    throw new InvalidArgumentError(`expected a number and m, h or d (30d), got '${text}'`);
  }
  return Number(number) * unitMs;
}

async function prune(config: Config, options: PruneOptions): Promise<void> {
  const before = new Date(Date.now() - options.olderThan);
  const templates = new Templates(join(config.home, 'sandboxes'));
  const snapshots = oldSnapshots(templates, before);
  const hasDatabase = config.databaseUrl !== undefined || existsSync(join(config.home, 'database'));
  if (!hasDatabase && snapshots.length === 0) {
    process.stdout.write(`nothing to remove: there is no database in ${config.home}\n`);
    return;
  }
  const counts = hasDatabase ? await pruneBatches(config, before, options) : [];
  for (const name of snapshots) process.stdout.write(`snapshot ${name}\n`);
  if (snapshots.length > 0) counts.push(`${snapshots.length} snapshots`);
  if (!options.yes) {
    process.stdout.write(`would remove ${counts.join(', ')}; --yes removes them\n`);
    return;
  }
  for (const name of snapshots) templates.remove(name);
  if (snapshots.length > 0) await templates.removeUnusedLayers();
  process.stdout.write(`removed ${counts.join(', ')}\n`);
}

// Templates were added by hand, and stay.
function oldSnapshots(templates: Templates, before: Date): string[] {
  const snapshots = templates.all().filter(({ kind }) => kind === 'snapshot');
  return snapshots.filter((each) => templates.lastUsedAt(each) < before).map(shownName);
}

async function pruneBatches(config: Config, before: Date, options: PruneOptions): Promise<string[]> {
  const counts: string[] = [];
  await withDatabase(config, async ({ database, blobs }) => {
    const batches = await readOldBatches(database, before);
    const mirrors = await oldMirrors(database, join(config.home, 'mirrors'), before);
    for (const batch of batches) process.stdout.write(`${describe(batch)}\n`);
    for (const mirror of mirrors) process.stdout.write(`mirror ${mirror}\n`);
    counts.push(`${batches.length} batches`, `${mirrors.length} mirrors`);
    if (!options.yes) return;
    for (const { id } of batches) {
      if (await removeOldBatch(database, id, before)) await openBlobs(blobs).remove(id);
    }
    for (const mirror of mirrors) await rm(mirror, { recursive: true, force: true });
  });
  return counts;
}

// A mirror is only safe to remove while no evaluator can be reading it.
async function oldMirrors(database: Database, folder: string, before: Date): Promise<string[]> {
  if (await anythingUnderWay(database)) return [];
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => join(folder, name));
  const ages = await Promise.all(paths.map(async (path) => ({ path, changed: await lastChange(path) })));
  return ages.filter(({ changed }) => changed < before.getTime()).map(({ path }) => path);
}

async function lastChange(mirror: string): Promise<number> {
  const entries = await readdir(mirror).catch(() => []);
  const times = await Promise.all([mirror, ...entries.map((name) => join(mirror, name))].map(changedMs));
  return Math.max(...times);
}

async function changedMs(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}

function describe({ name, finishedAt, evaluations }: OldBatch): string {
  return `batch ${harmlessLine(name, 100)}: ${evaluations} evaluations, finished ${finishedAt.toISOString()}`;
}
