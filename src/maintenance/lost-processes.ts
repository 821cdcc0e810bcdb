import type { Database } from '../database/connect.ts';
import { endProcess, readBeats } from '../database/processes.ts';
import { handBack, readClaims, saveResult, type Claim } from '../database/save-result.ts';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { MAX_FAILURES } from '../outcome.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { failedResult } from '../result.ts';

/** A process whose heartbeat stands still for this long, seen by one observer without a gap, counts as lost; ms. */
export const LOST_AFTER_MS = 30_000;
/** A longer pause between two looks may have been ours, so it proves nothing; ms. */
const GAP_MS = 10_000;
/** Losses that cost an evaluation nothing. From then on it runs alone, and each counts as a failure: it may be what kills them. */
const FREE_LOSSES = 2;

interface Context {
  database: Database;
  metrics: Metrics;
  log: Log;
}

/** Watches heartbeats by this machine's own clock only, so that a database restart condemns nobody. */
export class HeartbeatObserver {
  readonly #seen = new Map<string, { beat: string; sinceMs: number }>();
  #lookedAtMs = -Infinity;

  /** Takes the beats of now; returns the processes that count as lost, each with the beat it stopped at. */
  look(
    beats: ReadonlyArray<{ id: string; beat: string }>,
    nowMs: number,
  ): Array<{ id: string; beat: string }> {
    const gap = nowMs - this.#lookedAtMs > GAP_MS;
    this.#lookedAtMs = nowMs;
    const lost = beats.filter(({ id, beat }) => {
      const seen = this.#seen.get(id);
      if (!gap && seen?.beat === beat) return nowMs - seen.sinceMs >= LOST_AFTER_MS;
      this.#seen.set(id, { beat, sinceMs: nowMs });
      return false;
    });
    const present = new Set(beats.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
    return lost;
  }
}

/** Ends lost processes and hands their evaluations back, which costs those nothing twice and an attempt from then on. */
export async function handBackLost(context: Context, observer: HeartbeatObserver): Promise<number> {
  const { database, metrics, log } = context;
  const lost = observer.look(await readBeats(database), performance.now());
  for (const { id, beat } of lost) {
    if (!(await endProcess(database, id, beat))) continue;
    metrics.processesLost.inc();
    log.warn({ process: id }, 'a process stopped beating: its work is handed back');
  }
  return handBackEnded(context);
}

// Also repeats what a crash of this sweep left undone. A claim that cannot be settled must not hold up the others.
async function handBackEnded(context: Context): Promise<number> {
  const ended = await context.database
    .selectFrom('attempts')
    .innerJoin('processes', 'processes.id', 'attempts.process_id')
    .select('processes.id')
    .distinct()
    .where('attempts.state', '=', 'claimed')
    .where('processes.ended_at', 'is not', null)
    .execute();
  let count = 0;
  for (const { id } of ended) {
    for (const claim of await readClaims(context.database, id))
      count += (await settle(context, claim)) ? 1 : 0;
  }
  return count;
}

async function settle(context: Context, claim: Claim): Promise<boolean> {
  try {
    await giveUpOrHandBack(context, claim);
    return true;
  } catch (error) {
    const { evaluationId } = claim;
    context.log.error(
      { err: error, evaluation: evaluationId },
      'a lost attempt was not settled; it is tried again',
    );
    return false;
  }
}

async function giveUpOrHandBack({ database, metrics }: Context, claim: Claim): Promise<void> {
  const { provider } = claim;
  const failed = claim.workersLost >= FREE_LOSSES;
  if (!failed || claim.failures + 1 < MAX_FAILURES) {
    const back = { reason: 'worker_lost', failed, delayMs: 0, workerLost: true };
    if (await handBack(database, claim, back)) metrics.retries.inc({ provider, cause: back.reason });
    return;
  }
  const error = new EvalpoolError(
    'WORKER_LOST',
    `the evaluator working on it was lost ${claim.workersLost + 1} times, in the end while it ran alone`,
  );
  const result = failedResult(error, claim.attempt);
  if (!(await saveResult(database, claim, result))) return;
  const labels = { provider, outcome: result.outcome, error: error.code };
  metrics.evaluations.inc({ labels, value: 1 });
}
