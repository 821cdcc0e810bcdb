import type { Database } from '../database/connect.ts';
import { endProcess, readBeats } from '../database/processes.ts';
import { handBack, readClaims, saveResult, type Claim } from '../database/save-result.ts';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { MAX_FAILURES } from '../outcome.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { failedResult } from '../result.ts';
import type { EvaluationTrace } from '../tracing/evaluation-trace.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** A process whose heartbeat stands still for this long, seen by one observer without a gap, counts as lost; ms. */
export const LOST_AFTER_MS = 30_000;
/** A longer pause between two looks may have been ours, so it proves nothing; ms. */
const GAP_MS = 10_000;
/** Losses that cost an evaluation nothing. From then on it runs alone, and each counts as a failure: it may be what kills them. */
const FREE_LOSSES = 2;

interface Context {
  database: Database;
  metrics: Metrics;
  tracing: Pick<Tracing, 'of'>;
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
    log.warn({ lost: id }, 'a process stopped beating: its work is handed back');
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
    const { evaluationId: evaluation, attempt, batchId: batch, provider } = claim;
    const trace = context.tracing.of(claim).id;
    const about = { evaluation, attempt, batch, trace, provider };
    context.log.error({ err: error, ...about }, 'a lost attempt was not settled; it is tried again');
    return false;
  }
}

async function giveUpOrHandBack(context: Context, claim: Claim): Promise<void> {
  const { database, metrics } = context;
  const { provider } = claim;
  const failed = claim.workersLost >= FREE_LOSSES;
  if (!failed || claim.failures + 1 < MAX_FAILURES) {
    const back = { reason: 'worker_lost', failed, delayMs: 0, workerLost: true };
    if (!(await handBack(database, claim, back))) return;
    metrics.retries.inc({ provider, cause: back.reason });
    tellLost(context, claim, new EvalpoolError('WORKER_LOST', 'the evaluator working on it was lost'));
    return;
  }
  const error = new EvalpoolError(
    'WORKER_LOST',
    `the evaluator working on it was lost ${claim.workersLost + 1} times, in the end while it ran alone`,
  );
  const result = failedResult(error, claim.attempt);
  const outcome = await saveResult(database, claim, result);
  if (!outcome) return;
  const labels = { provider, outcome, error: error.code };
  metrics.evaluations.inc({ labels, value: 1 });
  tellLost(context, claim, error).ended({ ...result, outcome, provider }, claim);
}

// Whoever worked on it can tell nothing any more.
function tellLost({ tracing, log }: Context, claim: Claim, error: EvalpoolError): EvaluationTrace {
  const { evaluationId: evaluation, attempt, batchId: batch, provider, claimedMs } = claim;
  const { reason } = error.kind;
  const trace = tracing.of(claim);
  log.info({ evaluation, attempt, batch, trace: trace.id, provider, reason }, 'a lost attempt was settled');
  const times = { startMs: trace.ago(claimedMs), endMs: performance.now() };
  trace.attempt(attempt).ended({ ...times, provider, reason, error });
  return trace;
}
