import { watchDatabase, watchProcess } from './watch-process.ts';
import { serveHealth } from '../src/api/serve-health.ts';
import { knownSecrets, readConfig, type Config } from '../src/config.ts';
import { connectDatabase, deploymentId, migrate, type Database } from '../src/database/connect.ts';
import { keepLease, type OwnLease } from '../src/database/own-lease.ts';
import { noteHealth } from '../src/database/processes.ts';
import { EvalpoolError } from '../src/errors.ts';
import { makeLog, type Log } from '../src/log.ts';
import { makeMetrics, type Metrics } from '../src/metrics/metrics.ts';
import { keyOf, type ProviderConfig } from '../src/provider-config.ts';
import { openWake, type Wake } from '../src/queue/wake.ts';
import { saveProvider } from '../src/slots/tiers.ts';
import { startTracing, type Tracing } from '../src/tracing/tracing.ts';
import { VERSION } from '../src/version.ts';

/** Of the pool of each process. */
const CONNECTIONS = 10;
/** Beyond the time to drain, how long an end may take, ms. */
const LONGEST_END_MS = 10_000;

/** What every long-running process of evalpool has. */
export interface ProcessContext {
  config: Config;
  /** Those whose sandboxes it uses. */
  providers: readonly ProviderConfig[];
  redisUrl: string;
  database: Database;
  deployment: string;
  lease: OwnLease;
  wake: Wake;
  metrics: Metrics;
  tracing: Tracing;
  log: Log;
}

/** What a worker is, and whose sandboxes it uses: their keys must be there. */
interface Role {
  kind: 'api' | 'dispatcher' | 'evaluator' | 'reaper';
  uses: (config: Config) => readonly ProviderConfig[];
}

/**
 * Starts a worker: reads the settings, connects, serves health and metrics, says that it is ready. On a signal it takes
 * nothing new and ends once its work is done; after the time to drain, or on a second signal, it hands its work back.
 */
export async function startProcess(
  role: Role,
  work: (context: ProcessContext) => Promise<{ stop(now: AbortSignal): Promise<void> }>,
): Promise<void> {
  const context = await connect(role, readConfig());
  const { config, database, lease, wake, metrics, tracing, log } = context;
  const worker = await work(context);
  // While the database is away a new process could do no more than this one.
  const alive = (): string | undefined => (lease.lost.aborted ? String(lease.lost.reason) : undefined);
  const ready = (): string | undefined =>
    alive() ?? (lease.held() ? undefined : 'Postgres does not answer') ?? redisProblem(wake);
  const health = await serveHealth(config.health, metrics, { alive, ready });
  await noteHealth(database, lease.processId, health.url);

  const now = new AbortController();
  const end = async (code: number, drainMs: number): Promise<void> => {
    if (drainMs > 0) setTimeout(() => now.abort(), drainMs).unref();
    else now.abort();
    // Whatever waits for a service that is away: what we held is settled by the reaper.
    setTimeout(() => process.exit(1), drainMs + LONGEST_END_MS).unref();
    await worker.stop(now.signal);
    await lease.end().catch((error: unknown) => log.warn({ err: error }, 'left without saying so'));
    await Promise.all([health.close(), tracing.close()]);
    wake.close();
    await database.destroy();
    process.exit(code);
  };
  let asked = false;
  const hear = (): void => {
    if (asked) now.abort();
    else void end(0, config.drainS * 1000);
    asked = true;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, hear);
  lease.lost.addEventListener('abort', () => void end(1, 0));
  const first = { ready: true, health: health.url, process: lease.processId };
  process.stdout.write(`${JSON.stringify(first)}\n`);
}

function redisProblem(wake: Wake): string | undefined {
  return wake.connected() ? undefined : 'Redis does not answer';
}

async function connect({ kind, uses }: Role, config: Config): Promise<ProcessContext> {
  const secrets = knownSecrets(config);
  const log = makeLog(kind, config.logLevel, secrets);
  // Node itself would show what it holds, secrets and all.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'this process ends');
    process.exit(1);
  });
  const { databaseUrl, redisUrl } = config;
  if (!databaseUrl || !redisUrl) {
    throw new EvalpoolError('USAGE', `${kind}: DATABASE_URL and REDIS_URL must be set`);
  }
  const providers = uses(config);
  for (const provider of providers) keyOf(provider);
  const own = kind === 'evaluator' ? providers : config.providers;
  const metrics = makeMetrics(own.map(({ name }) => name));
  const database = connectDatabase(databaseUrl, log, CONNECTIONS, watchDatabase(metrics));
  await migrate(database);
  for (const provider of own) await saveProvider(database, provider);
  const provider = kind === 'evaluator' ? config.provider.name : undefined;
  const lease = await keepLease(database, { kind, provider }, log);
  const deployment = await deploymentId(database);
  const wake = openWake(redisUrl);
  watchProcess(metrics, kind, wake);
  const part = { deployment, kind, processId: lease.processId, version: VERSION, secrets, log };
  const tracing = await startTracing(config.tracing, part);
  return { config, providers, redisUrl, database, deployment, lease, wake, metrics, tracing, log };
}
