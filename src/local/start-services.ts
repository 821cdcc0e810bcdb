import { availableParallelism } from 'node:os';
import type { Config } from '../config.ts';
import type { Home } from './home.ts';
import type { Programs } from './locate-programs.ts';
import type { Nursery } from './nursery.ts';
import type { Child } from './start-child.ts';
import { postgresUrl, startPostgres } from './start-postgres.ts';
import { redisUrl, startRedis } from './start-redis.ts';
import { startSandboxServer, type LocalProvider, type WallReport } from './start-sandbox-server.ts';
import { supervise, type Supervisor } from './supervise.ts';

/** Settings that name a database and a Redis. */
export type FullConfig = Config & { databaseUrl: string; redisUrl: string };

/** What the workers stand on. */
export interface Services {
  /** The settings that workers start with, as they are now. */
  settings: () => FullConfig;
  /** Null when sandboxes come from elsewhere. */
  wall: () => WallReport | null;
  setConcurrency: (concurrency: number) => void;
}

/** Starts Postgres, Redis and the sandbox server, except those that the settings name elsewhere. */
export async function startServices(
  plan: { config: Config; home: Home; nursery: Nursery; programs: Programs },
  supervisor: Supervisor,
  onNewServer: () => Promise<void>,
): Promise<Services> {
  const { config, home, nursery } = plan;
  let concurrency = config.provider.concurrency ?? defaultConcurrency(config);
  let local: LocalProvider | undefined;
  const startServer = async (): Promise<Child> => {
    const { child, provider } = await startSandboxServer(home, nursery, {
      programs: plan.programs,
      wall: config.wall,
    });
    local = provider;
    return child;
  };
  await Promise.all([
    config.databaseUrl ? undefined : supervise(supervisor, async () => startPostgres(home, nursery)),
    config.redisUrl ? undefined : supervise(supervisor, async () => startRedis(home, nursery)),
    config.provider.name === 'local' ? supervise(supervisor, startServer, onNewServer) : undefined,
  ]);
  return {
    settings: () => settingsOf(config, home, { local, concurrency }),
    wall: () => local?.wall ?? null,
    setConcurrency: (wished) => (concurrency = wished),
  };
}

function settingsOf(
  config: Config,
  home: Home,
  now: { local: LocalProvider | undefined; concurrency: number | undefined },
): FullConfig {
  const { local, concurrency } = now;
  const server = local && {
    apiUrl: local.url,
    sandboxUrl: local.url,
    apiKey: local.apiKey,
    networks: local.wall.networks,
  };
  return {
    ...config,
    databaseUrl: config.databaseUrl ?? postgresUrl(home),
    redisUrl: config.redisUrl ?? redisUrl(home),
    provider: { ...config.provider, concurrency, ...server },
    // All workers of a stack share this machine: fixed ports would collide.
    health: { host: '127.0.0.1', port: 0 },
    // Whoever leaves the stack wants it gone, and its batch is paused.
    drainS: 0,
  };
}

// Evaluations wait for disk, git and us now and then: twice the cores keep the cores busy.
function defaultConcurrency({ provider }: Config): number | undefined {
  if (provider.name !== 'local') return undefined;
  return provider.overrides.maxSandboxes ?? Math.max(2, availableParallelism() * 2);
}
