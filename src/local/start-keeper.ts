import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, secretEnvironment, telemetryEnvironment, type Config } from '../config.ts';
import { settingsEnvironment } from '../settings-environment.ts';
import { EvalpoolError } from '../errors.ts';
import type { Home } from './home.ts';
import type { Programs } from './locate-programs.ts';

/** The kernel frees this lock with the last process that holds it: no stale lock, whatever was killed. */
const UNDER_LOCK = 'exec 9>>"$1" || exit 74; flock -n 9 || exit 75; shift; exec "$@"';
const LOCK_HELD = 75;

/** A keeper on its way up. */
export interface Starting {
  /** True while it may still come; false when another stack holds the lock. Throws STACK_FAILED when it failed. */
  mayCome(): boolean;
}

/** Starts the keeper of this home, detached from us and our terminal. */
export function startKeeper(config: Config, home: Home, programs: Programs): Starting {
  const logFile = join(home.logs, 'keeper.log');
  const log = openSync(logFile, 'a', 0o600);
  const keeper = spawn(
    '/bin/sh',
    ['-c', UNDER_LOCK, 'sh', home.lock, process.execPath, '--enable-source-maps', programs.keeper],
    {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: {
        ...childEnvironment(),
        ...telemetryEnvironment(),
        ...settingsEnvironment(config),
        ...secretEnvironment(),
      },
    },
  );
  closeSync(log);
  keeper.unref();
  let failure: Error | undefined;
  keeper.once('error', (error) => (failure = error));
  return {
    mayCome: () => {
      if (failure)
        throw new EvalpoolError('STACK_FAILED', `no keeper: ${failure.message}`, { cause: failure });
      if (keeper.exitCode === null && keeper.signalCode === null) return true;
      if (keeper.exitCode === LOCK_HELD || keeper.exitCode === 0) return false;
      throw keeperFailed(keeper.exitCode ?? keeper.signalCode, logFile);
    },
  };
}

function keeperFailed(status: number | string | null, logFile: string): EvalpoolError {
  const last = readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1)?.slice(0, 400) ?? '';
  return new EvalpoolError(
    'STACK_FAILED',
    `the keeper ended (${status}), and last said: ${last}; log: ${logFile}`,
  );
}
