import { EvalpoolError, type ErrorCode } from '../errors.ts';
import type { CommandExit } from '../sandbox/sandbox.ts';
import type { Spec } from '../spec.ts';
import { metLimit } from './met-limit.ts';
import type { Desk, Hear } from './open-desk.ts';
import { quote } from '../shell-quote.ts';

const LOGIN_BASH = 'bash -eo pipefail';

/** A script of the spec. `before` is ours, run by bash in the same directory first. */
export interface Script {
  text: string;
  before?: string;
}

/** Runs one script of the spec in its directory and shell: one command, whatever its exit. */
export async function runScript(desk: Desk, spec: Spec, script: Script, hear?: Hear): Promise<CommandExit> {
  return await desk.run(scriptCommand(spec, script), hear);
}

/** Runs the author's set-up. Throws SETUP_FAILED. */
export async function runSetup(desk: Desk, spec: Spec, script: string): Promise<void> {
  const exit = await runScript(desk, spec, { text: script });
  if (exit.exitCode !== 0) throw new EvalpoolError('SETUP_FAILED', `set-up ${describeExit(exit)}`);
}

/** Builds the candidate's code. Throws BUILD_FAILED, or LIMITS if the sandbox's own limits ended it. */
export async function runBuild(desk: Desk, spec: Spec, script: string): Promise<void> {
  const exit = await runScript(desk, spec, { text: script });
  if (exit.exitCode === 0) return;
  const limit = metLimit(exit, desk.log.kept().content);
  const code: ErrorCode = limit === null ? 'BUILD_FAILED' : 'LIMITS';
  throw new EvalpoolError(code, `the build ${limit ?? describeExit(exit)}`);
}

/** How a command ended, to follow a subject: `ended with exit status 2`. */
export function describeExit(exit: CommandExit): string {
  if (exit.signal !== null) return `was ended by ${exit.signal}`;
  const meaning = MEANINGS[exit.exitCode];
  return `ended with exit status ${exit.exitCode}${meaning === undefined ? '' : ` (${meaning})`}`;
}

const MEANINGS: Readonly<Record<number, string>> = {
  126: 'a command could not be executed',
  127: 'a command was not found',
  134: 'aborted',
  137: 'killed',
  139: 'segmentation fault',
  143: 'terminated',
};

// The SDK runs every command by a login bash already: the default shell needs no process of its own.
function scriptCommand(spec: Spec, { text, before = '' }: Script): string {
  const cwd = quote(spec.cwd ?? spec.repoDir);
  const enter = `mkdir -p -- ${cwd} && cd -- ${cwd} || exit 126\n${before}`;
  if (spec.shell === LOGIN_BASH) return `${enter}set -eo pipefail\n${text}\n`;
  return `${enter}exec ${spec.shell} -c ${quote(text)}\n`;
}
