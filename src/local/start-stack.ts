import type { Config } from '../config.ts';
import { connectDatabase, migrate, type Database } from '../database/connect.ts';
import { endFormerProcesses } from '../database/former-processes.ts';
import { endProcess } from '../database/processes.ts';
import type { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { setProviderLimit, tierOf } from '../slots/tiers.ts';
import type { Home } from './home.ts';
import type { Programs } from './locate-programs.ts';
import type { StackFacts } from './messages.ts';
import type { Nursery } from './nursery.ts';
import { startServices, type Services } from './start-services.ts';
import { startWorker, type Worker } from './start-worker.ts';
import { supervise, type Supervisor } from './supervise.ts';
import { watchHealth } from './watch-health.ts';

/** What a stack is made of. */
export interface StackPlan {
  config: Config;
  home: Home;
  programs: Programs;
  nursery: Nursery;
  log: Log;
  onProgress: (text: string) => void;
  onGiveUp: (error: EvalpoolError) => void;
}

/** A stack that is up. */
export interface RunningStack {
  facts: () => StackFacts;
  /** Sandboxes at once from now on, at most the tier's. */
  limitTo: (concurrency: number) => Promise<void>;
}

/** One evaluator process serves this many sandboxes without being the bottleneck. */
const SANDBOXES_PER_EVALUATOR = 50;

/**
 * Starts every process of a stack, in this order:
 * 1. Postgres, Redis and the sandbox server, side by side; those that the settings name elsewhere are not started;
 * 2. the schema;
 * 3. dispatcher, evaluators and reaper, side by side, whose health is watched from then on.
 */
export async function startStack(plan: StackPlan): Promise<RunningStack> {
  const supervisor = { nursery: plan.nursery, log: plan.log, onGiveUp: plan.onGiveUp };
  const workers = new Map<string, Worker>();
  plan.onProgress('starting Postgres, Redis and the sandbox server');
  const services = await startServices(plan, supervisor, async () => {
    // They know the former server's address and key.
    await Promise.all([...workers.values()].map(async ({ child }) => child.end()));
  });
  plan.onProgress('bringing the schema up to date');
  await withDatabase(services, plan.log, async (database) => {
    await migrate(database);
    if (!plan.config.databaseUrl) await endFormerProcesses(database);
  });
  plan.onProgress('starting dispatcher, evaluators and reaper');
  await startWorkers({ ...plan, services, workers }, supervisor);
  void watchHealth(workers, plan.nursery, plan.log);
  return {
    facts: () => factsOf(services, workers),
    limitTo: async (concurrency) => limitTo(services, concurrency, plan.log),
  };
}

async function withDatabase(
  services: Services,
  log: Log,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const database = connectDatabase(services.settings().databaseUrl, log, 1);
  try {
    await work(database);
  } finally {
    await database.destroy();
  }
}

async function limitTo(services: Services, concurrency: number, log: Log): Promise<void> {
  services.setConcurrency(concurrency);
  const { provider } = services.settings();
  const limit = tierOf(provider).maxSandboxes;
  await withDatabase(services, log, async (database) => setProviderLimit(database, provider.name, limit));
}

async function startWorkers(
  plan: StackPlan & { services: Services; workers: Map<string, Worker> },
  supervisor: Supervisor,
): Promise<void> {
  const { maxSandboxes } = tierOf(plan.services.settings().provider);
  const evaluators = Array.from({ length: Math.ceil(maxSandboxes / SANDBOXES_PER_EVALUATOR) }, (_, i) => ({
    kind: 'evaluator' as const,
    name: i === 0 ? 'evaluator' : `evaluator-${i + 1}`,
  }));
  const others = (['dispatcher', 'reaper'] as const).map((kind) => ({ kind, name: kind }));
  await Promise.all(
    [...others, ...evaluators].map(async ({ kind, name }) =>
      supervise(supervisor, async () => {
        await declareDead(plan, name);
        const worker = await startWorker(kind, name, plan.services.settings(), plan);
        plan.workers.set(name, worker);
        return worker.child;
      }),
    ),
  );
}

// Its work is handed back at once, not when its heart has stood still for half a minute.
async function declareDead(
  { services, workers, log }: StackPlan & { services: Services; workers: ReadonlyMap<string, Worker> },
  name: string,
): Promise<void> {
  const former = workers.get(name);
  if (!former) return;
  await withDatabase(services, log, async (database) => {
    await endProcess(database, former.processId);
  }).catch((error: unknown) =>
    log.warn({ err: error, child: name }, 'its end could not be noted; the reaper sees it'),
  );
}

function factsOf(services: Services, workers: ReadonlyMap<string, Worker>): StackFacts {
  const { databaseUrl, redisUrl, blobs, provider } = services.settings();
  const { name, maxSandboxes, createsPerS } = tierOf(provider);
  return {
    databaseUrl,
    redisUrl,
    blobs,
    provider: {
      name: provider.name,
      tier: name,
      maxSandboxes,
      createsPerS,
      apiUrl: provider.apiUrl ?? null,
      sandboxUrl: provider.sandboxUrl ?? null,
      apiKey: provider.apiKey ?? null,
      wall: services.wall(),
    },
    processes: [...workers].map(([worker, { health }]) => ({ name: worker, health })),
  };
}
