import { setTimeout as delay } from 'node:timers/promises';
import {
  CommandExitError,
  type CommandHandle,
  type CommandStartOpts,
  type Sandbox as SdkSandbox,
} from '@e2b/code-interpreter';
import { EvalpoolError } from '../errors.ts';
import { blame } from './blame.ts';
import { DeadlinePassed, type CommandExit, type CommandOptions } from './sandbox.ts';

// 1. Starts one command and waits for its end, its deadline or the caller's abort, whichever is first. The deadline counts
//    from the answer to the start: what came before was not the command's.
// 2. Blames the candidate for a deadline only if the sandbox answers and the process still runs.
// 3. A broken stream is made anew: the process runs on, or its exit is still known. What it printed meanwhile is lost.
// 4. Leaves no process behind on any of these paths that a reachable sandbox could be asked to kill.

const START_TIMEOUT_MS = 30_000;
const ASK_TIMEOUT_MS = 10_000;
const LAST_WORDS_MS = 5_000;
/** Broken streams of one command that are made anew, and the pause before each try, ms. */
const MOST_RECONNECTS = 20;
const TRIES = 4;
const FIRST_PAUSE_MS = 100;
const SIGNALS: Readonly<Record<string, string>> = { killed: 'SIGKILL', terminated: 'SIGTERM' };

type Commands = SdkSandbox['commands'];

/** Runs one command to its end. Rejects with DeadlinePassed, the signal's reason, or an EvalpoolError. */
export async function runCommand(commands: Commands, options: CommandOptions): Promise<CommandExit> {
  options.signal?.throwIfAborted();
  const askedAt = performance.now();
  const line: Line = { commands, handle: await start(commands, options), options, over: false };
  options.onStarted?.(performance.now() - askedAt);
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

/** The stream of one command, as it is now. */
interface Line {
  commands: Commands;
  handle: CommandHandle;
  options: CommandOptions;
  /** Nobody waits for it any more. */
  over: boolean;
}

async function start(commands: Commands, options: CommandOptions): Promise<CommandHandle> {
  const hear = hearing(options);
  try {
    const handle = await commands.run(options.command, {
      background: true,
      timeoutMs: 0,
      requestTimeoutMs: START_TIMEOUT_MS,
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.env === undefined ? {} : { envs: { ...options.env } }),
      ...hear.callbacks,
    });
    hear.forget(handle);
    return handle;
  } catch (error) {
    throw blame(error, 'sandbox');
  }
}

async function followToExit(line: Line): Promise<CommandExit> {
  for (let breaks = 0; ; breaks++) {
    try {
      return { ...(await exitOf(line.handle)), heardAll: breaks === 0 };
    } catch (error) {
      const lost = error instanceof EvalpoolError && error.code === 'STREAM_LOST';
      if (!lost || breaks === MOST_RECONNECTS || line.over) throw error;
      line.handle = await reconnect(line, error);
    }
  }
}

// The sandbox remembers a process for half a minute after its end, so this finds it running or hears its exit.
async function reconnect({ commands, handle, options }: Line, lost: EvalpoolError): Promise<CommandHandle> {
  const hear = hearing(options);
  for (let tries = 1; ; tries++) {
    await delay(FIRST_PAUSE_MS * 2 ** tries);
    try {
      const how = { timeoutMs: 0, requestTimeoutMs: ASK_TIMEOUT_MS, ...hear.callbacks };
      const again = await commands.connect(handle.pid, how);
      hear.forget(again);
      return again;
    } catch (error) {
      const why = blame(error, 'sandbox');
      if (tries < TRIES && why.code === 'STREAM_LOST') continue;
      throw why.code === 'SANDBOX_LOST' ? why : lost;
    }
  }
}

function hearing(options: CommandOptions): {
  callbacks: Pick<CommandStartOpts, 'onStdout' | 'onStderr'>;
  forget: (handle: CommandHandle) => void;
} {
  let handle: CommandHandle | undefined;
  const hear = (stream: 'stdout' | 'stderr') => (chunk: string) => {
    forgetOutput(handle);
    options.onOutput(chunk, stream);
  };
  const callbacks = { onStdout: hear('stdout'), onStderr: hear('stderr') };
  return { callbacks, forget: (known) => (handle = known) };
}

// The SDK keeps all output of a command in two strings that nobody reads here: gigabytes, if the candidate likes.
function forgetOutput(handle: CommandHandle | undefined): void {
  if (handle === undefined) return;
  Object.assign(handle, { _stdout: '', _stderr: '' });
}

async function exitOf(handle: CommandHandle): Promise<Omit<CommandExit, 'heardAll'>> {
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
