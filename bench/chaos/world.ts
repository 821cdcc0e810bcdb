import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { childEnvironment, readConfig, type Config } from '../../src/config.ts';
import { changeProvider } from '../../src/database/change-shares.ts';
import { connectDatabase, migrate, type Database } from '../../src/database/connect.ts';
import { homeAt, makeHome } from '../../src/local/home.ts';
import { endChildren, makeNursery } from '../../src/local/nursery.ts';
import { postgresUrl, startPostgres } from '../../src/local/start-postgres.ts';
import { redisUrl, startRedis } from '../../src/local/start-redis.ts';
import { supervise } from '../../src/local/supervise.ts';
import { makeLog } from '../../src/log.ts';
import { settingsEnvironment } from '../../src/settings-environment.ts';
import { saveProvider } from '../../src/slots/tiers.ts';
import { startServer, type ServerProcess } from '../server/start.ts';
import { Actor } from './cast.ts';
import { startCutProxy, type CutProxy } from './cut-proxy.ts';

/** How large the world is. */
export interface WorldPlan {
  evaluators: number;
  dispatchers: number;
  reapers: number;
  slots: number;
  createsPerS: number;
  faults: object | null;
  seed: number;
  /** With a line to cut before the provider, and, where we are root, a small disk to fill for logs. */
  breakable: boolean;
  /** Time that ending workers give their running work, seconds. */
  drainS: number;
  /** Variables that all workers get besides. */
  env?: Readonly<Record<string, string>>;
}

/** Everything that a batch needs, each in a process of its own, and the handles to break it. */
export interface World {
  /** What its workers start with. */
  config: Config;
  database: Database;
  redisUrl: string;
  /** The provider's server itself, past the proxy that evaluators use. */
  server: ServerProcess;
  proxy: CutProxy;
  actors: Actor[];
  /** Ends a service as a crash would; it is started again at once. */
  crash: Record<'postgres' | 'redis', () => void>;
  /** The process under which a service's own processes are. */
  pidOf: (service: 'postgres' | 'redis') => number;
  /** Folder of logs, on a small disk of its own where we are root. */
  blobs: string;
  ownDisk: boolean;
  close(): Promise<void>;
}

/** Its provider's name. */
export const PROVIDER = 'scaled';
const DISK = 'size=512m';

/** Starts it: Postgres, Redis, a simulating sandbox server behind a proxy, and all workers. */
export async function startWorld(plan: WorldPlan): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-chaos-'));
  chmodSync(folder, 0o711);
  const home = homeAt(join(folder, 'home'));
  makeHome(home);
  const log = makeLog('chaos', 'silent');
  const nursery = makeNursery(home.logs, null);
  const supervisor = { nursery, log, onGiveUp: (error: Error) => console.error(error) };
  await supervise(supervisor, async () => startPostgres(home, nursery));
  await supervise(supervisor, async () => startRedis(home, nursery));
  const database = connectDatabase(postgresUrl(home), log);
  await migrate(database);
  const server = await startServer(join(folder, 'server'), serverFlags(folder, plan));
  const proxy = await startCutProxy(server.account.apiUrl);
  const { blobs, ownDisk } = makeDisk(folder, plan.breakable);
  const config = configOf({
    home: home.path,
    blobs,
    url: plan.breakable ? proxy.url : server.account.apiUrl,
    apiKey: server.account.apiKey,
    database: postgresUrl(home),
    redis: redisUrl(home),
    drainS: plan.drainS,
  });
  await saveProvider(database, config.provider);
  await changeProvider(database, PROVIDER, { maxSandboxes: plan.slots, createsPerS: plan.createsPerS });
  const actors = castOf(
    plan,
    { ...childEnvironment(), ...settingsEnvironment(config), ...plan.env },
    home.logs,
  );
  for (const actor of actors) actor.start();
  const close = async (): Promise<void> => {
    await Promise.all(actors.map((actor) => actor.close()));
    await proxy.close();
    await server.close();
    await database.destroy();
    await endChildren(nursery);
    if (ownDisk) execFileSync('umount', [blobs]);
    if (process.env['KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const crash = {
    // Immediate shutdown: a postmaster killed with -9 leaves children that keep the next one out.
    postgres: () => signalPostmaster(home.path, 'SIGQUIT'),
    redis: () => void connectAndKill(redisUrl(home)),
  };
  const pidOf = (service: string): number =>
    [...nursery.alive.keys()].find(({ name }) => name === service)?.pid ?? 0;
  const around = { server, proxy, actors, crash, pidOf, blobs, ownDisk };
  return { config, database, redisUrl: redisUrl(home), ...around, close };
}

function signalPostmaster(home: string, signal: NodeJS.Signals): void {
  const file = join(home, 'database', '18', 'postmaster.pid');
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  process.kill(pid, signal);
}

async function connectAndKill(url: string): Promise<void> {
  // Never again on a later connection: that would be another crash.
  const redis = new Redis(url.replace('unix://', ''), { retryStrategy: () => null });
  redis.on('error', () => {});
  await redis.call('SHUTDOWN', 'NOSAVE').catch(() => undefined);
  redis.disconnect();
}

function serverFlags(folder: string, plan: WorldPlan): string[] {
  const tier = join(folder, 'tier.json');
  const { slots: maxSandboxes, createsPerS } = plan;
  writeFileSync(tier, JSON.stringify({ name: 'scaled', maxSandboxes, createsPerS, longestSessionS: 3600 }));
  const flags = ['--simulate', '--tier', tier, '--seed', String(plan.seed)];
  if (plan.faults === null) return flags;
  const faults = join(folder, 'faults.json');
  writeFileSync(faults, JSON.stringify(plan.faults));
  return [...flags, '--faults', faults];
}

function makeDisk(folder: string, small: boolean): { blobs: string; ownDisk: boolean } {
  const blobs = join(folder, 'blobs');
  mkdirSync(blobs);
  const ownDisk = small && process.getuid?.() === 0;
  if (ownDisk) execFileSync('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', blobs]);
  return { blobs, ownDisk };
}

function configOf(at: {
  home: string;
  blobs: string;
  url: string;
  apiKey: string;
  database: string;
  redis: string;
  drainS: number;
}): Config {
  return readConfig({
    EVALPOOL_HOME: at.home,
    EVALPOOL_BLOBS: at.blobs,
    DATABASE_URL: at.database,
    REDIS_URL: at.redis,
    EVALPOOL_PROVIDER: PROVIDER,
    EVALPOOL_TIER: 'pro',
    EVALPOOL_NETWORKS: 'none',
    EVALPOOL_LOG_LEVEL: 'info',
    EVALPOOL_DRAIN_SECONDS: String(at.drainS),
    E2B_API_URL: at.url,
    E2B_SANDBOX_URL: at.url,
    E2B_API_KEY: at.apiKey,
  });
}

function castOf(plan: WorldPlan, env: Record<string, string>, logs: string): Actor[] {
  const some = (kind: 'evaluator' | 'dispatcher' | 'reaper', count: number): Actor[] =>
    Array.from({ length: count }, () => new Actor(kind, env, logs));
  return [
    ...some('evaluator', plan.evaluators),
    ...some('dispatcher', plan.dispatchers),
    ...some('reaper', plan.reapers),
  ];
}
