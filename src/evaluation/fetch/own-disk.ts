import { EvalpoolError } from '../../errors.ts';
import { GitError } from './run-git.ts';

const IN_GITS_WORDS =
  /no space left on device|disk quota exceeded|cannot allocate memory|out of memory|read-only file system|input\/output error|too many open files|spawn git E/i;

/** What was thrown on our side, as STORE_FAILED where our own disk or memory failed; anything else unchanged. */
export function blameOwnDisk(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !isOwnDisk(thrown)) return thrown;
  return new EvalpoolError('STORE_FAILED', `the evaluator could not keep a commit: ${thrown.message}`, {
    cause: thrown,
  });
}

// What the remote says of its own disk comes behind `remote:`.
function isOwnDisk(error: Error): boolean {
  if (error instanceof GitError) return IN_GITS_WORDS.test(error.message.replaceAll(/^remote:.*$/gm, ''));
  return 'syscall' in error;
}
