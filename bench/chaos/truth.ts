import { randomUUID } from 'node:crypto';
import { acceptSpecs, type Candidate } from '../../src/database/accept-specs.ts';
import { openBatch, sealBatch } from '../../src/database/batches.ts';
import type { Database } from '../../src/database/connect.ts';
import type { Outcome } from '../../src/outcome.ts';
import type { Dice } from './dice.ts';

const CHUNK = 500;
const TIME_LIMIT_S = 3;

/** A batch whose verdicts are known beforehand: simulated commands that pass, fail or run too long. */
export interface KnownBatch {
  id: string;
  truth: ReadonlyMap<string, Outcome>;
  /** Simulated seconds of all of it. */
  workS: number;
  longestS: number;
}

/** Submits `count` evaluations of `seconds` each, one in three failing, one in fifty too slow for its own limit. */
export async function submitKnown(
  database: Database,
  dice: Dice,
  wanted: {
    name: string;
    provider: string;
    count: number;
    seconds: readonly [number, number];
    timeouts?: boolean;
  },
): Promise<KnownBatch> {
  const batch = await openBatch(database, wanted.name, wanted.provider);
  const truth = new Map<string, Outcome>();
  const total = { workS: 0, longestS: 0 };
  const candidates = Array.from({ length: wanted.count }, (_, at): Candidate => {
    const seconds = Number(dice.between(...wanted.seconds).toFixed(2));
    const slow = wanted.timeouts === true && dice.next() < 0.02;
    const fails = dice.next() < 1 / 3;
    const id = `${wanted.name}-${at}`;
    truth.set(id, slow ? 'timed_out' : fails ? 'failed' : 'passed');
    const lasts = slow ? TIME_LIMIT_S : seconds;
    total.workS += lasts;
    total.longestS = Math.max(total.longestS, lasts);
    const test = slow ? 'sim 600' : `sim ${seconds} exit ${fails ? 1 : 0} out 1k`;
    const spec = { id, test, ...(slow ? { timeouts: { test: TIME_LIMIT_S } } : {}) };
    return { spec, contentHash: id, source: null };
  });
  const submission = randomUUID();
  for (let at = 0; at < candidates.length; at += CHUNK)
    await acceptSpecs(database, batch.id, submission, candidates.slice(at, at + CHUNK));
  await sealBatch(database, batch.id);
  return { id: batch.id, truth, ...total };
}
