import { knownSecrets, type Config } from '../config.ts';
import { makeLog, type Log } from '../log.ts';

/** The log of a command: what concerns the user is said in plain lines, so it only tells of troubles unless asked for more. */
export function cliLog(config: Config): Log {
  return makeLog('cli', config.logLevel === 'info' ? 'warn' : config.logLevel, knownSecrets(config));
}
