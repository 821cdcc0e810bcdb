import { setTimeout as delay } from 'node:timers/promises';
import {
  CommandExitError,
  NotFoundError,
  SandboxNotFoundError,
  type CommandHandle,
  type CommandStartOpts,
  type Sandbox as SdkSandbox,
} from '@e2b/code-interpreter';
import { EvalpoolError } from '../errors.ts';
import { blame } from './blame.ts';
import type { CommandExit, CommandOptions } from './sandbox.ts';

// 1. Starts a command and hears it to its exit, keeping none of its output.
// 2. A broken stream is made anew: the process runs on, or its exit is still known. What it printed meanwhile is lost.
// 3. Gives up early only on what is certain: the provider says that the sandbox is gone, or the sandbox that the process is.

const START_TIMEOUT_MS = 30_000;
const ASK_TIMEOUT_MS = 10_000;
/** Broken streams of one command that are made anew. */
const MOST_RECONNECTS = 20;
/** How long one is tried: a sandbox remembers a process for half a minute after its end. */
const RECONNECT_FOR_MS = 30_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const SIGNALS: Readonly<Record<string, string>> = { killed: 'SIGKILL', terminated: 'SIGTERM' };

/** The SDK's door to the processes of one sandbox. */
export type Commands = SdkSandbox['commands'];

/** The stream of one command, as it is now. */
export interface Line {
  commands: Commands;
  handle: CommandHandle;
  options: CommandOptions;
  /** Asks the provider whether the sandbox runs. */
  isAlive: () => Promise<boolean>;
  /** Nobody waits for it any more. */
  over: boolean;
}

/** Starts a command in the background; resolves once the start was answered. Throws EvalpoolError. */
export async function startCommand(commands: Commands, options: CommandOptions): Promise<CommandHandle> {
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

/** The exit of the command, through as many streams as that takes. Throws EvalpoolError. */
export async function followToExit(line: Line): Promise<CommandExit> {
  for (let breaks = 0; ; breaks++) {
    try {
      return { ...(await exitOf(line.handle)), heardAll: breaks === 0 };
    } catch (error) {
      if (breaks === MOST_RECONNECTS || line.over || !(await isDoubtful(error, line))) throw error;
      line.handle = await reconnect(line);
    }
  }
}

async function reconnect(line: Line): Promise<CommandHandle> {
  const hear = hearing(line.options);
  const how = { timeoutMs: 0, requestTimeoutMs: ASK_TIMEOUT_MS, ...hear.callbacks };
  const endsAt = performance.now() + RECONNECT_FOR_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    await delay(pauseMs);
    try {
      const again = await line.commands.connect(line.handle.pid, how);
      hear.forget(again);
      return again;
    } catch (error) {
      const why = blame(error, 'sandbox');
      if (isForgotten(error))
        throw new EvalpoolError('STREAM_LOST', 'the command ended while its stream was broken', {
          cause: error,
        });
      if (line.over || performance.now() > endsAt || !(await isDoubtful(why, line))) throw why;
    }
  }
}

// The process ended too long ago for the sandbox to know how.
function isForgotten(error: unknown): boolean {
  return error instanceof NotFoundError && !(error instanceof SandboxNotFoundError);
}

// An edge that is out of order answers for a sandbox that lives as for one that is gone: only the provider knows.
async function isDoubtful(error: unknown, line: Line): Promise<boolean> {
  if (!(error instanceof EvalpoolError)) return false;
  if (error.code !== 'SANDBOX_LOST') return error.code === 'STREAM_LOST';
  return line.isAlive().catch(() => true);
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
