import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { connectDatabase, migrate } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import { cliLog } from './cli-log.ts';

/** `evalpool migrate`: what a deployment does before workers of another version start. They do it themselves too. */
export function addMigrateCommand(program: Command, config: () => Config): void {
  program
    .command('migrate')
    .description("Bring the schema of DATABASE_URL's database up to date, and nothing else")
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://… evalpool migrate')
    .action(async () => {
      const settings = config();
      const { databaseUrl } = settings;
      if (!databaseUrl)
        throw new EvalpoolError(
          'USAGE',
          'DATABASE_URL must be set; the stack of one machine migrates its database by itself',
        );
      const database = connectDatabase(databaseUrl, cliLog(settings), 1);
      try {
        const { version, made } = await migrate(database);
        const what = made.length > 0 ? `${made.length} migrations made` : 'it was up to date';
        process.stdout.write(`schema ${version}: ${what}\n`);
      } finally {
        await database.destroy();
      }
    });
}
