import type { CommandExit } from '../../sandbox/sandbox.ts';

const SEARCHED_BYTES = 64 * 1024;
const SIGNS: ReadonlyArray<readonly [RegExp, string]> = [
  [/No space left on device|ENOSPC|Disk quota exceeded|File too large/, 'met the disk limit'],
  [/Cannot allocate memory|ENOMEM|MemoryError|std::bad_alloc|heap out of memory/, 'met the memory limit'],
  [
    /fork: retry|fork: Resource temporarily unavailable|EAGAIN|can't start new thread/,
    'met the process limit',
  ],
];

/** Which limit of the sandbox ended a command that failed, as far as one can tell from outside; null: none. */
export function metLimit(exit: CommandExit, log: Buffer): string | null {
  if (exit.exitCode === 0) return null;
  // Nobody but the sandbox's own limits sends SIGKILL to a stage before its deadline.
  if (exit.exitCode === 137 || exit.signal === 'SIGKILL') return 'was killed, as the memory limit does';
  const end = log.subarray(-SEARCHED_BYTES).toString('latin1');
  return SIGNS.find(([sign]) => sign.test(end))?.[1] ?? null;
}
