import { join } from 'node:path';
import { knownSecrets, readConfig, readSandboxKey } from '../config.ts';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import { makeLog } from '../log.ts';
import { announcement } from './announce.ts';
import { isLoopback, readFlags } from './flags.ts';
import { newSecret } from './secrets.ts';
import { SimulatedWall } from './simulated/simulated-wall.ts';
import { startSandboxServer } from './start-server.ts';
import { Templates } from './templates/templates.ts';
import { openWall } from './walls/open-wall.ts';

/** How long all sandboxes together may take to end before the process leaves them to the wall's next start, ms. */
const CLOSE_MS = 900;

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2));
  const config = readConfig();
  const givenKey = readSandboxKey();
  if (!givenKey && !isLoopback(flags.host))
    throw new EvalpoolError(
      'USAGE',
      `--host ${flags.host} is reached from outside: set EVALPOOL_SANDBOX_KEY`,
    );
  const apiKey = givenKey ?? newSecret();
  const log = makeLog('sandbox-server', config.logLevel, [apiKey, ...knownSecrets(config)]);
  const home = flags.home ?? join(config.home, 'sandboxes');
  const wall = flags.simulate
    ? new SimulatedWall()
    : await openWall({
        home,
        log,
        wall: flags.wall ?? config.wall,
        ...(flags.cgroups === 'none' && { controls: [] }),
      });
  const server = await startSandboxServer({ ...flags, apiKey, wall, templates: new Templates(home), log });
  const end = (): void => {
    setTimeout(() => process.exit(1), CLOSE_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'cannot end everything');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  // In a container this is the log: a key that its reader has does not belong there.
  const shownKey = givenKey && !flags.json ? '$EVALPOOL_SANDBOX_KEY' : apiKey;
  process.stdout.write(announcement(server, flags, { apiKey: shownKey, report: wall.report() }) + '\n');
}

main().catch((thrown: unknown) => {
  const error = asEvalpoolError(thrown);
  process.stderr.write(`${error.message}\n${error.kind.next}\n`);
  process.exitCode = error.kind.blame === 'user' ? 2 : 1;
});
