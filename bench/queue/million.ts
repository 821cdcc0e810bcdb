import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../src/database/connect.ts';
import { dispatchEvaluations } from '../../src/database/dispatch-evaluations.ts';
import { holdLease } from '../../src/database/leases.ts';
import { registerProcess } from '../../src/database/processes.ts';
import { readBatchStatus, readProviderStatus } from '../../src/database/read-status.ts';
import { askLedger } from '../chaos/referee.ts';
import { PROVIDER } from '../chaos/world.ts';
import { quantile, type Samples } from '../measure.ts';
import { latencyLines } from '../server/latency.ts';
import { addWaiting } from './add-waiting.ts';
import { inWorld, processesOf, type CalmWorld } from './run-work.ts';
import type { Limits } from './schedule.ts';
import { inWords, readMemory } from './usage.ts';

// A large number of waiting evaluations against hardly any:
// 1. the dispatch statement by itself, for a provider that no dispatcher knows, so that nobody else dispatches from it;
// 2. with all processes at work on them: sandboxes alive, what `evalpool status` asks, and memory.

const ROUNDS = 200;
/** A quarter of 100 slots: a busy second. */
const A_ROUND = 25;
const STATUS_QUESTIONS = 200;
const LOOKS = 100;
const LOOK_EVERY_MS = 200;
const RAMP_UP_MS = 10_000;

/** Dispatch, status and memory with few and with `waiting` evaluations. */
export async function measureWaiting(limits: Limits, waiting: number): Promise<string[]> {
  const lines: string[] = [];
  await inWorld(limits, async (world) => {
    const { database } = world;
    const processId = await registerProcess(database, 'bench');
    for (const count of [ROUNDS * A_ROUND, waiting])
      lines.push(await dispatchLine(database, processId, count));
  });
  for (const count of [limits.slots * 50, waiting])
    await inWorld(limits, async (world) => void lines.push(...(await liveLines(world, limits, count))));
  return lines;
}

async function dispatchLine(database: Database, processId: string, count: number): Promise<string> {
  const provider = `nowhere-${count}`;
  const batchId = await addWaiting(database, { name: provider, provider, count, seconds: [1, 1] });
  const samples: Samples = [];
  for (let round = 0; round < ROUNDS; round++) {
    const lease = await holdLease(database, 'bench', processId);
    if (!lease) throw new Error('the lease is held by another');
    const startedMs = performance.now();
    const dispatched = await dispatchEvaluations(database, lease, provider, A_ROUND);
    samples.push(performance.now() - startedMs);
    await end(database, batchId, dispatched);
  }
  const perS = (ROUNDS * A_ROUND * 1000) / samples.reduce((sum, ms) => sum + ms, 0);
  const sorted = samples.toSorted((a, b) => a - b);
  const [line = ''] = latencyLines({ [`dispatch of ${A_ROUND} with ${count} waiting`]: sorted });
  return `${line}, ${perS.toFixed(0)} a second`;
}

async function end(
  database: Database,
  batchId: string,
  dispatched: ReadonlyArray<{ evaluationId: string }>,
): Promise<void> {
  const ids = dispatched.map(({ evaluationId }) => evaluationId);
  await sql`
    with ended as (
      update evaluations set state = 'finished', outcome = 'passed' where id = any(${ids}::bigint[]))
    update batches set passed = passed + ${ids.length} where id = ${batchId}`.execute(database);
}

async function liveLines(world: CalmWorld, { slots }: Limits, count: number): Promise<string[]> {
  const { database, server, wake } = world;
  await addWaiting(database, { name: 'nightly', provider: PROVIDER, count, seconds: [0.5, 6] });
  wake.send('dispatch');
  await delay(RAMP_UP_MS);
  const alive: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    alive.push((await askLedger(server.account)).live);
    await delay(LOOK_EVERY_MS);
  }
  const samples: Samples = [];
  for (let question = 0; question < STATUS_QUESTIONS; question++) {
    const startedMs = performance.now();
    await Promise.all([readBatchStatus(database), readProviderStatus(database)]);
    samples.push(performance.now() - startedMs);
  }
  const sorted = samples.toSorted((a, b) => a - b);
  const mean = alive.reduce((sum, live) => sum + live, 0) / alive.length;
  return [
    `at work with ${count} waiting: ${mean.toFixed(1)} of ${slots} sandboxes alive on average`,
    `  status: p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p99 ${quantile(sorted, 0.99).toFixed(1)} ms (budget < 50)`,
    `  memory, MiB: ${inWords(await readMemory(processesOf(world)), 0)}`,
  ];
}
