import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { locatePrograms } from '../local/locate-programs.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
All options are the server's own:
  --port N  --host ADDRESS  --home DIR  --json
  --wall bubblewrap|runsc                                  what stands around each sandbox; default EVALPOOL_WALL
  --tier hobby|pro|FILE  --max-sandboxes N                 limits of the account it plays
  --max-paused N                                           paused sandboxes, which hold memory; 100 unless told
  --faults FILE  --seed N                                  faults it plays, the same ones for the same seed
  --simulate                                               no processes: \`sim 3.2 exit 1 out 10k\` takes that long
  --memory-mb N  --cpus N  --disk-mb N  --processes N      limits of each sandbox
  --cgroups auto|none                                      hold limits by control groups where they may be written, or not

Example:
  evalpool sandbox-server --port 3333
Then, with any E2B SDK, the E2B_API_URL, E2B_SANDBOX_URL and E2B_API_KEY that it prints.`;

/** `evalpool sandbox-server`: this machine's sandboxes for any E2B SDK. */
export function addSandboxServerCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('sandbox-server')
    .description('Serve sandboxes of this machine over the wire protocol of E2B')
    .allowUnknownOption()
    .argument('[options...]')
    .addHelpText('after', HELP)
    .action(async (_options: string[], command: unknown) => {
      void command;
      exit(await serve(argumentsAfter('sandbox-server')));
    });
}

// The server reads its own flags: it is started without this command too.
function argumentsAfter(word: string): string[] {
  return process.argv.slice(process.argv.indexOf(word) + 1);
}

async function serve(args: readonly string[]): Promise<number> {
  const server = spawn(process.execPath, [locatePrograms().sandboxServer, ...args], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => void server.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => pass('SIGTERM'));
  const [code]: unknown[] = await once(server, 'exit');
  return typeof code === 'number' ? code : EXIT.incomplete;
}
