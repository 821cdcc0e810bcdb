import type { Command } from 'commander';
import { VERSION } from '../version.ts';

/** `evalpool version`. */
export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .description('Print the versions of evalpool and node')
    .addHelpText('after', '\nExample:\n  evalpool version')
    .action(() => {
      process.stdout.write(`evalpool ${VERSION} (node ${process.versions.node})\n`);
    });
}
