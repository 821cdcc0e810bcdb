import { CommandExitError, type CommandHandle, type Sandbox as SdkSandbox } from '@e2b/code-interpreter';
import { EvalpoolError } from '../errors.ts';
import { blame } from './blame.ts';
import { DeadlinePassed, type CommandExit, type CommandOptions } from './sandbox.ts';

// 1. Starts one command and waits for its end, its deadline or the caller's abort, whichever is first.
// 2. Blames the candidate for a deadline only if the sandbox answers and the process still runs.
// 3. Leaves no process behind on any of these paths that a reachable sandbox could be asked to kill.

const START_TIMEOUT_MS = 30_000;
const ASK_TIMEOUT_MS = 10_000;
const LAST_WORDS_MS = 5_000;
const SIGNALS: Readonly<Record<string, string>> = { killed: 'SIGKILL', terminated: 'SIGTERM' };

type Commands = SdkSandbox['commands'];

/** Runs one command to its end. Rejects with DeadlinePassed, the signal's reason, or an EvalpoolError. */
export async function runCommand(commands: Commands, options: CommandOptions): Promise<CommandExit> {
  options.signal?.throwIfAborted();
  const passesAt = performance.now() + options.deadlineMs;
  const handle = await start(commands, options);
  const exit = exitOf(handle);
  exit.catch(() => undefined);
  const ended = await firstOf(exit, passesAt - performance.now(), options.signal);
  if (ended === 'aborted') return await killed(commands, handle, options.signal);
  return ended === 'deadline' ? await atDeadline(commands, handle, exit) : ended;
}

async function start(commands: Commands, options: CommandOptions): Promise<CommandHandle> {
  let handle: CommandHandle | undefined;
  const hear = (stream: 'stdout' | 'stderr') => (chunk: string) => {
    forgetOutput(handle);
    options.onOutput(chunk, stream);
  };
  try {
    handle = await commands.run(options.command, {
      background: true,
      timeoutMs: 0,
      requestTimeoutMs: START_TIMEOUT_MS,
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.env === undefined ? {} : { envs: { ...options.env } }),
      onStdout: hear('stdout'),
      onStderr: hear('stderr'),
    });
    return handle;
  } catch (error) {
    throw blame(error, 'sandbox');
  }
}

// The SDK keeps all output of a command in two strings that nobody reads here: gigabytes, if the candidate likes.
function forgetOutput(handle: CommandHandle | undefined): void {
  if (handle === undefined) return;
  Object.assign(handle, { _stdout: '', _stderr: '' });
}

async function exitOf(handle: CommandHandle): Promise<CommandExit> {
  try {
    return { exitCode: (await handle.wait()).exitCode, signal: null };
  } catch (error) {
    if (!(error instanceof CommandExitError)) throw blame(error, 'sandbox');
    const word = /^signal: (.*)$/.exec(error.error ?? '')?.[1];
    return { exitCode: error.exitCode, signal: word === undefined ? null : (SIGNALS[word] ?? word) };
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

async function killed(commands: Commands, handle: CommandHandle, signal?: AbortSignal): Promise<never> {
  await commands.kill(handle.pid, { requestTimeoutMs: ASK_TIMEOUT_MS }).catch(() => undefined);
  await handle.disconnect();
  throw signal?.reason;
}

async function atDeadline(
  commands: Commands,
  handle: CommandHandle,
  exit: Promise<CommandExit>,
): Promise<CommandExit> {
  const running = await isRunning(commands, handle.pid);
  if (running) await commands.kill(handle.pid, { requestTimeoutMs: ASK_TIMEOUT_MS }).catch(() => undefined);
  try {
    const ended = await firstOf(exit, LAST_WORDS_MS, undefined);
    if (!running && typeof ended === 'object') return ended;
  } catch (error) {
    if (!running) throw error;
  } finally {
    await handle.disconnect();
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
