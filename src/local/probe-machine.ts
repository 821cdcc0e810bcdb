import type { Config } from '../config.ts';
import { findInPath } from './find-in-path.ts';
import { findPostgresPackage } from './install-postgres.ts';
import { findRedisServer } from './start-redis.ts';

/** One thing that the local stack needs or can use. */
export interface MachineFact {
  name: string;
  present: boolean;
  /** Without it nothing runs; the others only add abilities. */
  needed: boolean;
  /** Where it is, or what its absence means. */
  detail: string;
}

/** What this machine has of what the settings ask for. */
export interface MachineReport {
  facts: MachineFact[];
  /** The one command that mends what is missing; null when nothing needed is, or no command can. */
  mend: string | null;
}

const PACKAGES: Readonly<Record<string, string>> = {
  'redis-server': 'redis-server',
  bubblewrap: 'bubblewrap',
  runsc: 'runsc',
  git: 'git',
  flock: 'util-linux',
};

/** Looks at the machine without starting anything. */
export function probeMachine(config: Config): MachineReport {
  const facts = [
    system(),
    ...(config.databaseUrl ? [] : [postgres()]),
    ...(config.redisUrl ? [] : [program('redis-server', findRedisServer(), 'the queue')]),
    program('flock', findInPath('flock'), 'one stack per user'),
    program('git', findInPath('git'), 'fetching repos'),
    ...(config.provider.name === 'local' ? localFacts(config) : []),
  ];
  const lacking = facts.filter(({ needed, present }) => needed && !present);
  const packages = lacking.flatMap(({ name }) => PACKAGES[name] ?? []);
  return { facts, mend: packages.length > 0 ? installCommand(packages) : null };
}

function localFacts({ wall }: Config): MachineFact[] {
  const purpose = 'the wall around sandboxes';
  if (wall === 'runsc') return [program('runsc', findInPath('runsc'), purpose)];
  const nat = program('slirp4netns', findInPath('slirp4netns'), 'sandboxes with network `nat`');
  return [program('bubblewrap', findInPath('bwrap'), purpose), { ...nat, needed: false }];
}

function system(): MachineFact {
  const present = process.platform === 'linux';
  const detail = present
    ? `Linux ${process.arch}, node ${process.versions.node}`
    : 'the local stack needs Linux: use a container, or a named provider with DATABASE_URL and REDIS_URL';
  return { name: 'system', present, needed: true, detail };
}

function postgres(): MachineFact {
  const folder = findPostgresPackage();
  const detail = folder ?? `no embedded Postgres for ${process.platform}-${process.arch}: set DATABASE_URL`;
  return { name: 'postgres', present: folder !== undefined, needed: true, detail };
}

function program(name: string, path: string | undefined, purpose: string): MachineFact {
  return {
    name,
    present: path !== undefined,
    needed: true,
    detail: path ?? `not in PATH; needed for ${purpose}`,
  };
}

function installCommand(packages: readonly string[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get install -y --no-install-recommends ${[...new Set(packages)].join(' ')}`;
}
