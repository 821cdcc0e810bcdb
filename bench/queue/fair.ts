import { setTimeout as delay } from 'node:timers/promises';
import { finishBatches, openBatch, readBatch } from '../../src/database/batches.ts';
import { cancelBatch } from '../../src/database/cancel-batch.ts';
import { changeBatch } from '../../src/database/change-shares.ts';
import { seededDice } from '../chaos/dice.ts';
import { askLedger } from '../chaos/referee.ts';
import { drawWork } from '../chaos/truth.ts';
import { PROVIDER } from '../chaos/world.ts';
import { addWaiting } from './add-waiting.ts';
import { inWorld, runWork, type CalmWorld } from './run-work.ts';
import type { Limits } from './schedule.ts';

const INTERACTIVE = 50;
const LOOK_EVERY_MS = 10;
/** Seconds of the nightly batch's evaluations, evenly spread. */
const NIGHTLY_S = [0.5, 6] as const;

/** An interactive batch of 50 alone, then behind a nightly one that fills every slot; then the nightly one is cancelled. */
export async function measureFairness(
  limits: Limits,
  nightly: number,
  weights: { interactive: number; nightly: number },
): Promise<string[]> {
  const work = drawWork(seededDice(4), { count: INTERACTIVE, seconds: [1, 3] });
  return inWorld(limits, async (world) => {
    const alone = await runWork(world, work, 'interactive-alone');
    const nightlyId = await addWaiting(world.database, {
      name: 'nightly',
      provider: PROVIDER,
      count: nightly,
      seconds: NIGHTLY_S,
    });
    await changeBatch(world.database, nightlyId, { weight: weights.nightly });
    world.wake.send('dispatch');
    await untilFull(world, limits.slots);
    const { id } = await openBatch(world.database, 'interactive', PROVIDER);
    await changeBatch(world.database, id, { weight: weights.interactive });
    const behind = await runWork(world, work, 'interactive');
    const share = weights.interactive / (weights.interactive + weights.nightly);
    const p95S = NIGHTLY_S[0] + 0.95 * (NIGHTLY_S[1] - NIGHTLY_S[0]);
    const budgetS = alone.makespanS / share + p95S;
    return [
      `interactive ${INTERACTIVE} behind a nightly ${nightly} at ${limits.slots} slots, weights ${weights.interactive} to ${weights.nightly}:`,
      `  alone ${alone.makespanS.toFixed(2)} s, behind ${behind.makespanS.toFixed(2)} s (budget <= ${budgetS.toFixed(2)} s: alone / its share + one p95 of the nightly's)`,
      ...(await measureCancel(world, nightlyId)),
    ];
  });
}

async function measureCancel(world: CalmWorld, batchId: string): Promise<string[]> {
  const { live } = await askLedger(world.server.account);
  const startedMs = performance.now();
  const sinceMs = (): string => `${(performance.now() - startedMs).toFixed(0)} ms`;
  await cancelBatch(world.database, batchId);
  world.wake.send('cancel');
  await finishBatches(world.database);
  const told = sinceMs();
  while ((await askLedger(world.server.account)).live > 0) await delay(LOOK_EVERY_MS);
  const still = sinceMs();
  while ((await readBatch(world.database, batchId))?.state !== 'finished') await delay(LOOK_EVERY_MS);
  return [
    `cancel of the nightly batch with ${live} sandboxes alive: told after ${told}, none alive at the server after ${still}, finished after ${sinceMs()}`,
  ];
}

async function untilFull({ server }: CalmWorld, slots: number): Promise<void> {
  while ((await askLedger(server.account)).live < slots * 0.95) await delay(LOOK_EVERY_MS);
}
