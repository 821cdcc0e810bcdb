import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '../../src/config.ts';
import { connectDatabase, migrate, type Database } from '../../src/database/connect.ts';
import { homeAt, makeHome } from '../../src/local/home.ts';
import { locatePrograms, type WorkerKind } from '../../src/local/locate-programs.ts';
import { endChildren, makeNursery } from '../../src/local/nursery.ts';
import { startChild, type Child } from '../../src/local/start-child.ts';
import { postgresUrl, startPostgres } from '../../src/local/start-postgres.ts';
import { redisUrl, startRedis } from '../../src/local/start-redis.ts';
import { firstLineOf } from '../../src/local/until-ready.ts';
import { makeLog } from '../../src/log.ts';

/** Postgres, Redis and a file of providers, as a production deployment has them; workers are started one by one. */
export interface Deployment {
  folder: string;
  database: Database;
  /** What every process of it is told. */
  env: Record<string, string>;
  /** Starts a worker with variables of its own; resolves with its metrics' URL once it is ready. */
  start(kind: WorkerKind, name: string, env?: Record<string, string>): Promise<{ child: Child; url: string }>;
  /** Everything that its processes have logged. */
  logs(): string;
  close(): Promise<void>;
}

/** Starts one; `close` leaves nothing behind. */
export async function startDeployment(providers: object): Promise<Deployment> {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-deployment-'));
  chmodSync(folder, 0o711); // services of root do not run as root
  const home = homeAt(join(folder, 'home'));
  makeHome(home);
  const nursery = makeNursery(home.logs, null);
  await Promise.all([startPostgres(home, nursery), startRedis(home, nursery)]);
  const database = connectDatabase(postgresUrl(home), makeLog('test', 'silent'));
  await migrate(database);
  const file = join(folder, 'providers.json');
  writeFileSync(file, JSON.stringify(providers));
  const env = {
    EVALPOOL_HOME: home.path,
    DATABASE_URL: postgresUrl(home),
    REDIS_URL: redisUrl(home),
    EVALPOOL_PROVIDERS: file,
    EVALPOOL_DRAIN_SECONDS: '0',
  };
  return {
    folder,
    database,
    env,
    async start(kind, name, own = {}) {
      const child = startChild(nursery, {
        name,
        argv: [process.execPath, locatePrograms().worker(kind)],
        env: { ...childEnvironment(), ...env, ...own },
        endSignal: 'TERM',
        lingerS: 0,
        graceS: 8,
        rank: 0,
      });
      const { health } = await firstLineOf(child);
      return { child, url: `${String(health)}/metrics` };
    },
    logs: () =>
      readdirSync(home.logs)
        .map((name) => readFileSync(join(home.logs, name), 'utf8'))
        .join('\n'),
    close: async () => {
      await database.destroy();
      await endChildren(nursery);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
