import { join } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { importTemplate } from '../sandbox-server/templates/import-template.ts';
import { shownName, Templates } from '../sandbox-server/templates/templates.ts';

const EXAMPLES = `
Examples:
  docker export $(docker create python:3.12) | gzip > python.tar.gz
  evalpool template add python:3.12 python.tar.gz
  evalpool template list
  evalpool template remove python:3.12
A spec then says "template": "python:3.12"; the SDK: Sandbox.create('python:3.12').`;

interface HomeOption {
  home?: string;
}

/** `evalpool template`: root file systems for sandboxes of this machine, whether or not a server runs. */
export function addTemplateCommand(program: Command, config: () => Config): void {
  const template = program
    .command('template')
    .description('Add, list and remove root file systems for sandboxes of this machine')
    .option('--home <dir>', "the sandbox server's --home, where it has one of its own")
    .addHelpText('after', EXAMPLES);
  const home = (): string => template.opts<HomeOption>().home ?? join(config().home, 'sandboxes');
  template
    .command('add <name> <source>')
    .description('Make a template of a folder or tar archive (.tar, .tar.gz) that holds a root file system')
    .action(async (name: string, source: string) => add(home(), name, source));
  template
    .command('list')
    .description('List templates and snapshots')
    .action(() => list(home()));
  template
    .command('remove <name>')
    .description('Remove a template or snapshot; sandboxes that started from it keep it till they end')
    .action(async (name: string) => remove(home(), name));
}

async function add(home: string, name: string, source: string): Promise<void> {
  const templates = new Templates(home);
  const { template, entries, bytes, lacks } = await importTemplate(home, templates, { name, from: source });
  say(`template ${shownName(template)}: ${entries} files and folders, ${megabytes(bytes)}`);
  for (const lack of lacks) say(`  but there is ${lack}`);
  await templates.removeUnusedLayers(); // of one that had the name before
}

function list(home: string): void {
  const templates = new Templates(home);
  const table = new Table({
    head: ['name', 'what', 'made', 'last used', 'layers'],
    style: { head: [], border: [] },
  });
  table.push(['base', "this machine's own toolchain", '', '', '']);
  for (const each of templates.all()) {
    const times = [new Date(each.createdAt), templates.lastUsedAt(each)].map((time) =>
      time.toISOString().slice(0, 16),
    );
    table.push([shownName(each), each.kind, ...times, String(each.layers.length)]);
  }
  say(table.toString());
}

async function remove(home: string, name: string): Promise<void> {
  const templates = new Templates(home);
  const removed = templates.remove(name);
  if (!removed)
    throw new EvalpoolError('USAGE', `there is no template '${name}'; \`evalpool template list\` shows all`);
  await templates.removeUnusedLayers();
  say(`removed ${removed.kind} ${shownName(removed)}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
