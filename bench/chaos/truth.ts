import { randomUUID } from 'node:crypto';
import { acceptSpecs, type Candidate } from '../../src/database/accept-specs.ts';
import { openBatch, sealBatch } from '../../src/database/batches.ts';
import type { Database } from '../../src/database/connect.ts';
import type { Outcome } from '../../src/outcome.ts';
import type { Dice } from './dice.ts';

const CHUNK = 500;
const TIME_LIMIT_S = 3;

/** One evaluation whose verdict is known beforehand: a simulated command that passes, fails or runs too long. */
export interface KnownEvaluation {
  id: string;
  test: string;
  /** Null: the usual limit, which it never meets. */
  timeLimitS: number | null;
  /** How long it takes, simulated. */
  lastsS: number;
  outcome: Outcome;
}

/** Work whose verdicts are known beforehand. */
export interface KnownWork {
  evaluations: KnownEvaluation[];
  truth: ReadonlyMap<string, Outcome>;
  /** Simulated seconds of all of it. */
  workS: number;
  longestS: number;
}

/** The same, submitted. */
export interface KnownBatch extends KnownWork {
  id: string;
}

/** Draws `count` evaluations of `seconds` each, one in three failing; with `timeouts` one in fifty is too slow for its own limit. */
export function drawWork(
  dice: Dice,
  wanted: { count: number; seconds: readonly [number, number]; timeouts?: boolean },
): KnownWork {
  const total = { workS: 0, longestS: 0 };
  const evaluations = Array.from({ length: wanted.count }, (_, at): KnownEvaluation => {
    const seconds = Number(dice.between(...wanted.seconds).toFixed(2));
    const slow = wanted.timeouts === true && dice.next() < 0.02;
    const fails = dice.next() < 1 / 3;
    const lasts = slow ? TIME_LIMIT_S : seconds;
    total.workS += lasts;
    total.longestS = Math.max(total.longestS, lasts);
    return {
      id: `known-${at}`,
      test: slow ? 'sim 600' : `sim ${seconds} exit ${fails ? 1 : 0} out 1k`,
      timeLimitS: slow ? TIME_LIMIT_S : null,
      lastsS: lasts,
      outcome: slow ? 'timed_out' : fails ? 'failed' : 'passed',
    };
  });
  return { evaluations, truth: new Map(evaluations.map(({ id, outcome }) => [id, outcome])), ...total };
}

/** Submits it as a sealed batch. `onAccepted` is called after every chunk that is committed. */
export async function submitWork(
  database: Database,
  work: KnownWork,
  as: { name: string; provider: string; onAccepted?: () => void },
): Promise<KnownBatch> {
  const batch = await openBatch(database, as.name, as.provider);
  const candidates = work.evaluations.map(({ id, test, timeLimitS }): Candidate => {
    const spec = { id, test, ...(timeLimitS === null ? {} : { timeouts: { test: timeLimitS } }) };
    return { spec, contentHash: id, source: null };
  });
  const submission = randomUUID();
  for (let at = 0; at < candidates.length; at += CHUNK) {
    await acceptSpecs(database, batch.id, submission, candidates.slice(at, at + CHUNK));
    as.onAccepted?.();
  }
  await sealBatch(database, batch.id);
  return { id: batch.id, ...work };
}

/** What no system could beat: the work over the slots, the creations at their spacing, the longest evaluation. */
export function bound(
  { workS, longestS, truth }: KnownWork,
  plan: { slots: number; createsPerS: number },
): number {
  return Math.max(workS / plan.slots, (truth.size * 1.1) / plan.createsPerS, longestS);
}
