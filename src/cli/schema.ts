import type { Command } from 'commander';
import { specMarkdown } from '../reports/spec-markdown.ts';
import { specJsonSchema } from '../spec.ts';

/** `evalpool schema`: what a spec may hold. */
export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('Print the JSON Schema of a spec')
    .option('--markdown', 'as a table for people')
    .addHelpText('after', '\nExamples:\n  evalpool schema > spec.schema.json\n  evalpool schema --markdown')
    .action((options: { markdown?: true }) => {
      const text = options.markdown ? specMarkdown() : JSON.stringify(specJsonSchema(), null, 2);
      process.stdout.write(`${text}\n`);
    });
}
