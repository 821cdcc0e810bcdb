import { join } from 'node:path';
import { childEnvironment } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { connectRedis } from '../queue/connect-redis.ts';
import { findInPath } from './find-in-path.ts';
import { makeServiceFolder, SERVICE_USER, type Home } from './home.ts';
import type { Nursery } from './nursery.ts';
import { startChild, type Child } from './start-child.ts';
import { untilReady } from './until-ready.ts';

const SERVERS = ['redis-server', 'valkey-server', 'keydb-server'];

/** The Redis server of this machine, whichever of its kind is in PATH. */
export function findRedisServer(): string | undefined {
  return SERVERS.map(findInPath).find((path) => path !== undefined);
}

/** URL of the stack's own Redis. */
export function redisUrl(home: Home): string {
  return `unix://${home.redisSocket}`;
}

/** Starts a Redis on a unix socket and resolves once it answers. Throws MACHINE_LACKS when there is none. */
export async function startRedis(home: Home, nursery: Nursery): Promise<Child> {
  const server = findRedisServer();
  if (!server) {
    throw new EvalpoolError(
      'MACHINE_LACKS',
      'there is no redis-server; install it with `apt-get install -y redis-server`, or set REDIS_URL to a Redis of yours',
    );
  }
  const data = join(home.path, 'redis');
  makeServiceFolder(data);
  const child = startChild(nursery, {
    name: 'redis',
    argv: [server, ...flags(home.redisSocket, data)],
    env: childEnvironment(),
    user: SERVICE_USER,
    endSignal: 'TERM',
    lingerS: 3,
    graceS: 8,
    rank: 2,
  });
  await untilReady(child, () => ping(home));
  return child;
}

// hz 100: BullMQ's blocking reads wake ten times finer than by default. Queue entries must never be evicted.
function flags(socket: string, data: string): string[] {
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: data,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    hz: '100',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    loglevel: 'warning',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

async function ping(home: Home): Promise<void> {
  const redis = connectRedis(redisUrl(home), { enableOfflineQueue: true });
  try {
    await Promise.race([redis.ping(), onceClosed(redis)]);
  } finally {
    redis.disconnect();
  }
}

async function onceClosed(redis: ReturnType<typeof connectRedis>): Promise<never> {
  return new Promise((_resolve, reject) => {
    redis.once('close', () => reject(new Error('no connection')));
  });
}
