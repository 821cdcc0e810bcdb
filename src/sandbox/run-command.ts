import { EvalpoolError } from '../errors.ts';
import { blame } from './blame.ts';
import { followToExit, startCommand, type Commands, type Line } from './follow-command.ts';
import { DeadlinePassed, type CommandExit, type CommandOptions } from './sandbox.ts';

// 1. Starts one command and waits for its end, its deadline or the caller's abort, whichever is first. The deadline counts
//    from the answer to the start: what came before was not the command's.
// 2. Blames the candidate for a deadline only if the sandbox answers and the process still runs.
// 3. Leaves no process behind on any of these paths that a reachable sandbox could be asked to kill.

const ASK_TIMEOUT_MS = 10_000;
const LAST_WORDS_MS = 5_000;

/** Runs one command to its end. `isAlive`: asks the provider whether the sandbox runs. Rejects with DeadlinePassed, the signal's reason, or an EvalpoolError. */
export async function runCommand(
  commands: Commands,
  options: CommandOptions,
  isAlive: () => Promise<boolean>,
): Promise<CommandExit> {
  options.signal?.throwIfAborted();
  const askedAt = performance.now();
  const handle = await startCommand(commands, options);
  options.onStarted?.(performance.now() - askedAt);
  const line: Line = { commands, handle, options, isAlive, over: false };
  const exit = followToExit(line);
  exit.catch(() => undefined);
  try {
    const ended = await firstOf(exit, options.deadlineMs, options.signal);
    if (ended === 'aborted') return await killed(line, options.signal);
    return ended === 'deadline' ? await atDeadline(line, exit) : ended;
  } finally {
    line.over = true;
  }
}

async function firstOf(
  exit: Promise<CommandExit>,
  leftMs: number,
  signal: AbortSignal | undefined,
): Promise<CommandExit | 'deadline' | 'aborted'> {
  let release: (() => void) | undefined;
  const interrupted = new Promise<'deadline' | 'aborted'>((resolve) => {
    const timer = setTimeout(() => resolve('deadline'), Math.max(0, leftMs));
    const onAbort = (): void => resolve('aborted');
    signal?.addEventListener('abort', onAbort);
    release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([exit, interrupted]);
  } finally {
    release?.();
  }
}

async function killed({ commands, handle }: Line, signal?: AbortSignal): Promise<never> {
  await commands.kill(handle.pid, { requestTimeoutMs: ASK_TIMEOUT_MS }).catch(() => undefined);
  await handle.disconnect();
  throw signal?.reason;
}

async function atDeadline(line: Line, exit: Promise<CommandExit>): Promise<CommandExit> {
  const { commands } = line;
  const { pid } = line.handle;
  const running = await isRunning(commands, pid);
  if (running) await commands.kill(pid, { requestTimeoutMs: ASK_TIMEOUT_MS }).catch(() => undefined);
  try {
    const ended = await firstOf(exit, LAST_WORDS_MS, undefined);
    if (!running && typeof ended === 'object') return ended;
  } catch (error) {
    if (!running) throw error;
  } finally {
    await line.handle.disconnect();
  }
  if (running) throw new DeadlinePassed('the deadline passed while the command still ran');
  throw new EvalpoolError('STREAM_LOST', 'the command ended, but word of how never came');
}

async function isRunning(commands: Commands, pid: number): Promise<boolean> {
  try {
    const running = await commands.list({ requestTimeoutMs: ASK_TIMEOUT_MS });
    return running.some((process) => process.pid === pid);
  } catch (error) {
    const { message } = blame(error, 'sandbox');
    throw new EvalpoolError('SANDBOX_LOST', `at the deadline the sandbox did not answer: ${message}`, {
      cause: error,
    });
  }
}
