import { execFile } from 'node:child_process';
import { childEnvironment } from '../../config.ts';
import { EvalpoolError } from '../../errors.ts';

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

// What a repo's content or its server may not make git do on our machine.
const HARDENED = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.ext.allow=never',
  'transfer.bundleURI=false',
  'fetch.recurseSubmodules=no',
  'fetch.unpackLimit=1',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

/** git said no. The message is its standard error. */
export class GitError extends Error {
  override readonly name = 'GitError';
}

/** How one git command is run. `allow`: the transports it may use. */
export interface GitOptions {
  cwd: string;
  signal: AbortSignal;
  allow?: 'file:https:http:ssh' | 'https:http:ssh' | undefined;
  /** Our own global settings, for want of the user's. */
  settings?: string | undefined;
  input?: string;
}

/** Runs git on the evaluator's side and returns its standard output. Throws GitError, or the signal's reason. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    const child = execFile(
      'git',
      [...HARDENED, ...args],
      { cwd: options.cwd, env: gitEnvironment(options), signal: options.signal, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(translate(error, stderr, options.signal));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

function translate(error: Error & { code?: unknown }, stderr: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error.code === 'ENOENT')
    return new EvalpoolError('MACHINE_LACKS', 'git is not installed on the evaluator');
  return new GitError(stderr.trim() === '' ? error.message : stderr.trim(), { cause: error });
}

function gitEnvironment(options: GitOptions): Record<string, string> {
  return {
    ...childEnvironment(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    SSH_ASKPASS: 'true',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    GIT_ALLOW_PROTOCOL: options.allow ?? 'https:http:ssh',
    GIT_CEILING_DIRECTORIES: options.cwd,
    ...(options.settings === undefined ? {} : { GIT_CONFIG_GLOBAL: options.settings }),
  };
}
