import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';

const Package = z.object({ name: z.string(), version: z.string() });

/** `evalpool version`. */
export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .description('Print the versions of evalpool and node')
    .addHelpText('after', '\nExample:\n  evalpool version')
    .action(() => {
      process.stdout.write(`evalpool ${readVersion(import.meta.dirname)} (node ${process.versions.node})\n`);
    });
}

// Built, this file lies one folder deeper than its source.
function readVersion(folder: string): string {
  try {
    const read = Package.safeParse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    if (read.success && read.data.name === 'evalpool') return read.data.version;
  } catch {
    // Not here: further up.
  }
  return folder === dirname(folder) ? 'unknown' : readVersion(dirname(folder));
}
