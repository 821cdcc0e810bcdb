import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { readBatch, type Batch } from '../../src/database/batches.ts';
import type { Database } from '../../src/database/connect.ts';
import { openWake, type Wake } from '../../src/queue/wake.ts';
import { submitWork, type KnownBatch, type KnownWork } from '../chaos/truth.ts';
import { PROVIDER, startWorld, type World, type WorldPlan } from '../chaos/world.ts';
import type { Named } from './usage.ts';

const LOOK_EVERY_MS = 250;

/** A world without mischief, and an open line to wake its processes. */
export interface CalmWorld extends World {
  wake: Wake;
}

/** Calls `work` in a world without mischief, one of each process unless told otherwise, once all are ready. */
export async function inWorld<T>(
  plan: Pick<WorldPlan, 'slots' | 'createsPerS'> & Partial<WorldPlan>,
  work: (world: CalmWorld) => Promise<T>,
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
  const wake = openWake(world.redisUrl);
  try {
    await untilReady(world);
    return await work({ ...world, wake });
  } finally {
    wake.close();
    await world.close();
  }
}

async function untilReady({ database, actors }: World): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ ready: number }>`
      select count(*)::int as ready from processes where ended_at is null and health is not null`.execute(
      database,
    );
    if ((rows[0]?.ready ?? 0) >= actors.length) return;
    await delay(LOOK_EVERY_MS);
  }
}

/** A batch that has finished. */
export interface DoneBatch extends KnownBatch {
  /** From the opening of the batch to its last result, by the clock of Postgres. */
  makespanS: number;
}

/** Submits work, waking the dispatcher as a run does, and waits until its batch has finished. */
export async function runWork(world: CalmWorld, work: KnownWork, name: string): Promise<DoneBatch> {
  const { database, wake } = world;
  const onAccepted = (): void => wake.send('dispatch');
  const batch = await submitWork(database, work, { name, provider: PROVIDER, onAccepted });
  return { ...batch, makespanS: makespanOf(await untilFinished(database, batch.id)) };
}

/** Resolves with the batch once it has finished. */
export async function untilFinished(database: Database, batchId: string): Promise<Batch> {
  for (;;) {
    const batch = await readBatch(database, batchId);
    if (batch?.state === 'finished') return batch;
    await delay(LOOK_EVERY_MS);
  }
}

function makespanOf({ createdAt, finishedAt }: Batch): number {
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
