import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { readBatch, type Batch } from '../../src/database/batches.ts';
import type { Database } from '../../src/database/connect.ts';
import { openWake } from '../../src/queue/wake.ts';
import { submitWork, type KnownBatch, type KnownWork } from '../chaos/truth.ts';
import { PROVIDER, startWorld, type World, type WorldPlan } from '../chaos/world.ts';
import type { Named } from './usage.ts';

const LOOK_EVERY_MS = 250;
/** After its first heartbeat a worker has only its queue left to open. */
const SETTLE_MS = 1500;

/** Calls `work` in a world without mischief, one of each process unless told otherwise, once all are ready. */
export async function inWorld<T>(
  plan: Pick<WorldPlan, 'slots' | 'createsPerS'> & Partial<WorldPlan>,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const calm = {
    evaluators: 1,
    dispatchers: 1,
    reapers: 1,
    faults: null,
    seed: 1,
    drainS: 0,
    breakable: false,
  };
  const world = await startWorld({ ...calm, ...plan });
  try {
    await untilReady(world);
    return await work(world);
  } finally {
    await world.close();
  }
}

async function untilReady({ database, actors }: World): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ ready: number }>`
      select count(*)::int as ready from processes where ended_at is null`.execute(database);
    if ((rows[0]?.ready ?? 0) >= actors.length) break;
    await delay(LOOK_EVERY_MS);
  }
  await delay(SETTLE_MS);
}

/** A batch that has finished. */
export interface DoneBatch extends KnownBatch {
  /** From the opening of the batch to its last result, by the clock of Postgres. */
  makespanS: number;
}

/** Submits work and waits until its batch has finished. */
export async function runWork(world: World, work: KnownWork, name: string): Promise<DoneBatch> {
  const batch = await submit(world, work, name);
  return { ...batch, makespanS: makespanOf(await untilFinished(world.database, batch.id)) };
}

/** Submits work, waking the dispatcher as a run does. */
export async function submit(
  { database, redisUrl }: World,
  work: KnownWork,
  name: string,
): Promise<KnownBatch> {
  const wake = openWake(redisUrl);
  try {
    const onAccepted = (): void => wake.send('dispatch');
    return await submitWork(database, work, { name, provider: PROVIDER, onAccepted });
  } finally {
    wake.close();
  }
}

/** Looks until a batch has finished. */
export async function untilFinished(database: Database, batchId: string): Promise<Batch> {
  for (;;) {
    const batch = await readBatch(database, batchId);
    if (batch?.state === 'finished') return batch;
    await delay(LOOK_EVERY_MS);
  }
}

/** From its opening to its end, seconds. */
export function makespanOf({ createdAt, finishedAt }: Batch): number {
  return (Number(finishedAt) - Number(createdAt)) / 1000;
}

/** Every process of a world by its kind. */
export function processesOf({ actors, server, pidOf }: World): Named {
  const of = (kind: string): number[] =>
    actors.flatMap((actor) => (actor.kind === kind && actor.pid !== undefined ? [actor.pid] : []));
  return {
    evaluator: of('evaluator'),
    dispatcher: of('dispatcher'),
    reaper: of('reaper'),
    Postgres: [pidOf('postgres')],
    Redis: [pidOf('redis')],
    'sandbox server': [server.pid],
  };
}
