import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Docker } from './start-docker.ts';
import { until } from './until.ts';

const SERVICES = ['postgres', 'redis', 'dispatcher', 'evaluator', 'reaper', 'sandbox-server'];

/** One deployment of docker-compose.yml under a project name of its own. */
export interface ComposeStack {
  docker: Docker;
  prometheus: number;
  redisUrl: string;
  databaseUrl: string;
  /** docker-compose with the files and settings of this stack; standard output. */
  compose(...args: string[]): Promise<string>;
  /** The same, with bytes in and out. */
  pipe(args: readonly string[], input?: Buffer): Promise<Buffer>;
  /** Starts all of it, with so many evaluators, and waits until it is healthy. Milliseconds. */
  start(evaluators: number): Promise<number>;
  /** Resolves once every container of these services is healthy. */
  untilHealthy(services: readonly string[]): Promise<void>;
  /** Ids of a service's containers. */
  containers(service: string): Promise<string[]>;
  /** Removes containers, networks and volumes. */
  remove(): Promise<void>;
}

/** Makes one with ports that are free; nothing is started. `own`: settings besides; `files`: beside docker-compose.yml. */
export async function makeStack(
  docker: Docker,
  own: Record<string, string | number> = {},
  files: readonly string[] = [],
): Promise<ComposeStack> {
  const name = `evalpool-test-${randomBytes(3).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const settings: Settings = { ...(await settingsOf()), ...own };
  const envFile = join(folder, 'env');
  writeFileSync(
    envFile,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const chosen = ['docker-compose.yml', ...files].flatMap((file) => ['--file', file]);
  const argv = ['--project-name', name, '--env-file', envFile, ...chosen];
  const pipe: ComposeStack['pipe'] = async (args, input) =>
    docker.run('docker-compose', [...argv, ...args], input);
  const compose = async (...args: string[]): Promise<string> => String(await pipe(args));
  const containers = async (service: string): Promise<string[]> =>
    (await compose('ps', '-q', service)).split('\n').filter(Boolean);
  const untilHealthy = async (services: readonly string[]): Promise<void> => {
    const ids = (await Promise.all(services.map(containers))).flat();
    await until(`all of ${services.join(', ')} are healthy`, async () => {
      const said = await docker.run('docker', ['inspect', '-f', '{{.State.Health.Status}}', ...ids]);
      return String(said)
        .trim()
        .split('\n')
        .every((state) => state === 'healthy');
    });
  };
  const { REDIS_PASSWORD, REDIS_PORT, POSTGRES_PASSWORD, POSTGRES_PORT, PROMETHEUS_PORT } = settings;
  return {
    docker,
    prometheus: PROMETHEUS_PORT,
    redisUrl: `redis://:${REDIS_PASSWORD}@127.0.0.1:${REDIS_PORT}`,
    databaseUrl: `postgres://evalpool:${POSTGRES_PASSWORD}@127.0.0.1:${POSTGRES_PORT}/evalpool`,
    compose,
    pipe,
    containers,
    untilHealthy,
    start: async (evaluators) => {
      const began = performance.now();
      await compose('up', '-d', '--scale', `evaluator=${evaluators}`);
      await untilHealthy([...SERVICES, 'prometheus', 'grafana']);
      return performance.now() - began;
    },
    remove: async () => {
      await compose('down', '--volumes', '--remove-orphans', '--timeout', '10');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Settings = Record<string, string | number> & { PROMETHEUS_PORT: number };

/** As the block `all local` of .env.example, filled in. */
async function settingsOf(): Promise<Settings> {
  const [redis = 0, postgres = 0, prometheus = 0, grafana = 0] = await freePorts(4);
  return {
    COMPOSE_PROFILES: 'local',
    EVALPOOL_PROVIDER: 'local',
    EVALPOOL_TIER: 'local',
    E2B_API_URL: 'http://sandbox-server:3333',
    E2B_SANDBOX_URL: 'http://sandbox-server:3333',
    E2B_API_KEY: password(),
    EVALPOOL_CONCURRENCY: 4,
    POSTGRES_PASSWORD: password(),
    REDIS_PASSWORD: password(),
    GRAFANA_PASSWORD: password(),
    REDIS_PORT: redis,
    POSTGRES_PORT: postgres,
    PROMETHEUS_PORT: prometheus,
    GRAFANA_PORT: grafana,
    SANDBOX_SERVER_MEMORY: '4g',
  };
}

function password(): string {
  return randomBytes(12).toString('hex');
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(async (server) => once(server, 'listening')));
  return servers.map((server) => {
    const address = server.address();
    server.close();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
}
