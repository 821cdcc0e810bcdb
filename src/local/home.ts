import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EvalpoolError } from '../errors.ts';

/** Where the local stack of one user keeps what. */
export interface Home {
  path: string;
  logs: string;
  /** Held, as a kernel file lock, as long as anything of the stack is alive. */
  lock: string;
  keeperSocket: string;
  postgresSockets: string;
  redisSocket: string;
}

/** Who Postgres and Redis run as when we are root: `nobody`, since initdb wants a user that has a name. */
export const SERVICE_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/** Longest path of a unix socket on Linux is 107 bytes; the longest name of ours takes 24. */
const LONGEST_SOCKET_FOLDER = 80;

/** The paths under a home. Sockets move to a short folder in /tmp when the home's path is too long for them. */
export function homeAt(path: string): Home {
  const near = join(path, 'run');
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const short = `/tmp/evalpool-${process.getuid?.() ?? 0}-${hash}`;
  const sockets = Buffer.byteLength(near) <= LONGEST_SOCKET_FOLDER ? near : short;
  return {
    path,
    logs: join(path, 'logs'),
    lock: join(path, 'lock'),
    keeperSocket: join(sockets, 'keeper', 'keeper.sock'),
    postgresSockets: join(sockets, 'postgres'),
    redisSocket: join(sockets, 'redis', 'redis.sock'),
  };
}

/** Makes the folders, closed to others. Throws MACHINE_LACKS when the place cannot serve. */
export function makeHome(home: Home): void {
  mkdirSync(home.path, { recursive: true, mode: SERVICE_USER ? 0o711 : 0o700 });
  if (SERVICE_USER) openToServices(home.path);
  const sockets = dirname(home.postgresSockets);
  mkdirSync(sockets, { recursive: true, mode: SERVICE_USER ? 0o711 : 0o700 });
  refuseForeign(sockets);
  for (const folder of [home.logs, dirname(home.keeperSocket)])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const folder of [home.postgresSockets, dirname(home.redisSocket)]) makeServiceFolder(folder);
}

/** A folder that belongs to whoever Postgres and Redis run as, closed to others. */
export function makeServiceFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (SERVICE_USER) chownSync(folder, SERVICE_USER.uid, SERVICE_USER.gid);
}

function openToServices(path: string): void {
  chmodSync(path, (statSync(path).mode & 0o777) | 0o011);
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) !== 0) continue;
    throw new EvalpoolError(
      'MACHINE_LACKS',
      `EVALPOOL_HOME ${path} lies in ${folder}, which is closed to the ordinary user that Postgres runs as; use a place like /var/lib/evalpool`,
    );
  }
}

function refuseForeign(folder: string): void {
  const stat = lstatSync(folder);
  if (stat.isDirectory() && stat.uid === process.getuid?.()) return;
  throw new EvalpoolError(
    'MACHINE_LACKS',
    `${folder} belongs to somebody else; set EVALPOOL_HOME to a shorter path`,
  );
}
