import { CommanderError } from 'commander';
import { asEvalpoolError } from '../errors.ts';
import { knownSecrets } from '../config.ts';
import { harmlessLine } from '../harmless-text.ts';
import { makeScrub } from '../scrub.ts';
import { EXIT } from './exit-codes.ts';

/** Says what went wrong in one or two plain lines, and returns the exit code. `verbose` adds the stack. */
export function reportError(thrown: unknown, verbose: boolean): number {
  // Commander has said it already, or it was asked for help.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  const error = asEvalpoolError(thrown);
  const scrub = makeScrub(knownSecrets());
  process.stderr.write(`${error.code}: ${harmlessLine(scrub(error.message), 1000)}\n${error.kind.next}\n`);
  if (verbose) process.stderr.write(`${scrub(error.stack ?? '')}\n`);
  return error.kind.blame === 'ours' ? EXIT.incomplete : EXIT.usage;
}
