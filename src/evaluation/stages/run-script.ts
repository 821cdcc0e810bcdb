import { EvalpoolError } from '../../errors.ts';
import type { CommandExit } from '../../sandbox/sandbox.ts';
import type { Spec } from '../../spec.ts';
import { MARK, MARK_AGAIN } from './marked-output.ts';
import type { Desk, How } from '../open-desk.ts';
import { quote } from '../../shell-quote.ts';

const LOGIN_BASH = 'bash -eo pipefail';

/** A script of the spec. */
export interface Script {
  text: string;
  /** Ours, run by bash first. */
  guard?: string;
  /** Ours, run by bash in the script's directory. */
  before?: string;
  /** Its standard output stands between two lines with a mark that only its shell knows. */
  marked?: boolean;
}

/** Runs one script of the spec in its directory and shell: one command, whatever its exit. */
export async function runScript(desk: Desk, spec: Spec, script: Script, how?: How): Promise<CommandExit> {
  return await desk.run(scriptCommand(spec, script), how);
}

/** Runs the author's set-up. Throws SETUP_FAILED. */
export async function runSetup(desk: Desk, spec: Spec, script: string): Promise<void> {
  const exit = await runScript(desk, spec, { text: script });
  if (exit.exitCode !== 0) throw new EvalpoolError('SETUP_FAILED', `set-up ${describeExit(exit)}`);
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
function scriptCommand(spec: Spec, { text, guard = '', before = '', marked = false }: Script): string {
  const cwd = quote(spec.cwd ?? spec.repoDir);
  const enter = `${guard}mkdir -p -- ${cwd} && cd -- ${cwd} || exit 126\n${before}`;
  const script =
    spec.shell === LOGIN_BASH ? `set -eo pipefail\n${text}\n` : `exec ${spec.shell} -c ${quote(text)}\n`;
  return marked ? `${enter}${MARK}(\n${script})\n${MARK_AGAIN}` : `${enter}${script}`;
}
