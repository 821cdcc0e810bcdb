import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { deferred } from '../deferred.ts';
import { homeAt, makeHome, type Home } from './home.ts';
import { readLines, sayTo } from './line-socket.ts';
import { locatePrograms, type Programs } from './locate-programs.ts';
import { FromKeeper, settingsMarks, type FromRun, type StackFacts } from './messages.ts';
import { startKeeper, type Starting } from './start-keeper.ts';

/** The local stack, as long as we hold our lease on it. */
export interface Stack extends StackFacts {
  /** Resolves, never rejects, when the stack fails under us: nothing more will come of it. */
  failed: Promise<EvalpoolError>;
  /** Gives the lease back; if it was the last, resolves once nothing of the stack is left. */
  leave(): Promise<void>;
}

/** How a run uses the stack. */
export interface StackWishes {
  log: Log;
  /** Sandboxes at once, at most the tier's; default: what the stack has. */
  concurrency?: number | undefined;
  /** A running stack is taken as it is, with whatever provider: for looking and steering. */
  asItIs?: true;
  onProgress?: ((text: string) => void) | undefined;
}

const LONGEST_WAIT_MS = 90_000;
const BETWEEN_TRIES_MS = 25;
const LONGEST_LEAVE_MS = 40_000;

/**
 * Finds the stack of this user, or starts it, and holds a lease on it. The lease ends with `leave` or with this process;
 * with the last one the whole stack ends. Throws MACHINE_LACKS or STACK_FAILED.
 */
export async function useStack(config: Config, wishes: StackWishes): Promise<Stack> {
  const home = homeAt(config.home);
  makeHome(home);
  const programs = locatePrograms();
  const asked = withConcurrency(config, wishes.concurrency);
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  let starting: Starting | undefined;
  while (Date.now() < giveUpAt) {
    const socket = await connect(home);
    const lease = socket && (await askForLease(socket, helloOf(asked, programs, wishes), wishes));
    if (lease) return lease;
    // No lease: nobody is there yet, or a stack is going down, and the next waits for its lock.
    if (!starting?.mayCome()) starting = startKeeper(asked, home, programs);
    await delay(BETWEEN_TRIES_MS);
  }
  throw new EvalpoolError(
    'STACK_FAILED',
    `another stack holds ${home.lock} but does not answer; logs: ${home.logs}`,
  );
}

function withConcurrency(config: Config, concurrency: number | undefined): Config {
  if (concurrency === undefined) return config;
  return { ...config, provider: { ...config.provider, concurrency } };
}

function helloOf(config: Config, programs: Programs, wishes: StackWishes): FromRun {
  const { version, build } = programs;
  const settings = wishes.asItIs ? null : settingsMarks(config);
  return { say: 'hello', version, build, settings, concurrency: wishes.concurrency };
}

async function connect(home: Home): Promise<Socket | undefined> {
  const socket = createConnection(home.keeperSocket);
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    return undefined;
  }
}

/** Undefined: the keeper went away without an answer. */
async function askForLease(socket: Socket, hello: FromRun, wishes: StackWishes): Promise<Stack | undefined> {
  const gone = new Promise<undefined>((resolve) => socket.once('close', () => resolve(undefined)));
  socket.on('error', (error) => wishes.log.debug({ err: error }, 'lost the keeper'));
  const failed = deferred<EvalpoolError>();
  const ready = deferred<StackFacts>();
  readLines(socket, FromKeeper, (message) => {
    if (message.say === 'progress') wishes.onProgress?.(message.text);
    if (message.say === 'ready') ready.resolve(message.facts);
    if (message.say !== 'refused' && message.say !== 'failed') return;
    const error = new EvalpoolError(message.problem.code, message.problem.message);
    ready.reject(error);
    failed.resolve(error);
  });
  sayTo(socket, hello);
  const facts = await Promise.race([ready.promise, gone]).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  if (!facts) return undefined;
  let leaving = false;
  void gone.then(
    () =>
      leaving || failed.resolve(new EvalpoolError('STACK_FAILED', 'the keeper of the local stack is gone')),
  );
  socket.unref();
  return {
    ...facts,
    failed: failed.promise,
    leave: async () => {
      leaving = true;
      await leave(socket, gone);
    },
  };
}

async function leave(socket: Socket, gone: Promise<undefined>): Promise<void> {
  socket.ref();
  sayTo(socket, { say: 'leave' });
  const patience = new AbortController();
  await Promise.race([gone, delay(LONGEST_LEAVE_MS, undefined, { signal: patience.signal })]);
  patience.abort();
  socket.destroy();
}
