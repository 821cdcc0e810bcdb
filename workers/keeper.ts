import { knownSecrets, readConfig } from '../src/config.ts';
import { keepStack } from '../src/local/keep-stack.ts';
import { makeLog } from '../src/log.ts';

/*
 * The keeper of one user's local stack: started by src/local/use-stack.ts under the stack's lock, never by hand.
 * It lives as long as a run holds a lease on it.
 */
const config = readConfig();
const log = makeLog('keeper', config.logLevel, knownSecrets(config));
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
process.on('SIGHUP', () => {}); // the terminal of the run that started it may close before other runs end
try {
  await keepStack(config, log, ending.signal);
} catch (error) {
  log.fatal({ err: error }, 'the keeper ends');
  process.exitCode = 1;
}
process.exit(); // closes the leases: whoever waits for the end of the stack sees it now
