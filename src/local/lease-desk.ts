import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import { deferred, type Deferred } from '../deferred.ts';
import { readLines, sayTo } from './line-socket.ts';
import { FromRun, problemOf, type FromKeeper } from './messages.ts';

type Hello = Extract<FromRun, { say: 'hello' }>;

/** Where runs get their leases on the stack. A lease is an open connection that was not refused. */
export interface LeaseDesk {
  /** Resolves when the last lease has gone, or when nobody came for the first within the patience. */
  empty: Promise<void>;
  /** Resolves when the first run has come, or will not. */
  met: Promise<void>;
  /** Tells every lease; the last word is told to later ones too, while they wait. */
  broadcast(message: FromKeeper): void;
  /** Whoever connects from now on finds nobody. Leases stay until the process ends: so runs see that all is gone. */
  shut(): void;
}

/** What the desk asks of the keeper. */
export interface Clerk {
  /** Throws an EvalpoolError when this run cannot share the stack. */
  check(hello: Hello): void;
  /** Answers a new lease once the stack is ready. */
  serve(hello: Hello): Promise<FromKeeper>;
}

const PATIENCE_MS = 15_000;

interface Room {
  clerk: Clerk;
  leases: Set<Socket>;
  patience: NodeJS.Timeout;
  empty: Deferred<void>;
  met: Deferred<void>;
  lastWord?: FromKeeper;
}

/** Listens for runs on a unix socket. The caller holds the stack's lock: an old socket there is a dead one. */
export async function openLeaseDesk(path: string, clerk: Clerk): Promise<LeaseDesk> {
  const empty = deferred();
  const met = deferred();
  const patience = setTimeout(() => {
    met.resolve();
    empty.resolve();
  }, PATIENCE_MS);
  const room: Room = { clerk, leases: new Set<Socket>(), patience, empty, met };
  const server = createServer((socket) => receive(room, socket));
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  return {
    empty: empty.promise,
    met: met.promise,
    broadcast: (message) => {
      room.lastWord = message;
      room.leases.forEach((socket) => sayTo(socket, message));
    },
    shut: () => void server.close(),
  };
}

function receive(room: Room, socket: Socket): void {
  socket.on('error', () => {});
  socket.on('close', () => {
    if (room.leases.delete(socket) && room.leases.size === 0) room.empty.resolve();
  });
  readLines(socket, FromRun, (message) => {
    if (message.say === 'hello') void greet(room, socket, message);
    else part(room, socket);
  });
}

async function greet(room: Room, socket: Socket, hello: Hello): Promise<void> {
  try {
    room.clerk.check(hello);
    clearTimeout(room.patience);
    room.leases.add(socket);
    room.met.resolve();
    if (room.lastWord) sayTo(socket, room.lastWord);
    sayTo(socket, await room.clerk.serve(hello));
  } catch (error) {
    sayTo(socket, { say: 'refused', problem: problemOf(asEvalpoolError(error)) });
    if (!room.leases.has(socket)) socket.end();
  }
}

// The last one stays connected until the stack is down, so that it can wait for that.
function part(room: Room, socket: Socket): void {
  room.leases.delete(socket);
  if (room.leases.size === 0) return room.empty.resolve();
  sayTo(socket, { say: 'staying' });
  socket.end();
}

/** Refuses a run that is not like the stack. */
export function checkSame(hello: Hello, own: Pick<Hello, 'version' | 'build' | 'settings'>): void {
  const pid = `the running stack (keeper ${process.pid})`;
  if (hello.version !== own.version || hello.build !== own.build) {
    throw new EvalpoolError(
      'STACK_FAILED',
      `${pid} is evalpool ${own.version} build ${own.build}, this is ${hello.version} build ${hello.build}: wait until its runs have ended, or set EVALPOOL_HOME to another folder`,
    );
  }
  const [ours, theirs] = [own.settings ?? {}, hello.settings ?? own.settings ?? {}];
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  const different = [...names].filter((name) => ours[name] !== theirs[name]);
  if (different.length === 0) return;
  throw new EvalpoolError(
    'STACK_FAILED',
    `${pid} was started with another ${different.join(', ')}: wait until its runs have ended, or set EVALPOOL_HOME to another folder`,
  );
}
