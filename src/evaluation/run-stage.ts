import { asEvalpoolError, EvalpoolError, type ErrorCode } from '../errors.ts';
import { DeadlinePassed } from '../sandbox/sandbox.ts';
import type { StageTiming } from '../result.ts';
import type { Stage } from '../stage.ts';

// 1. Gives a stage its deadline and the caller's abort, and measures it.
// 2. Names the stage, and whose fault it was, in whatever the stage throws.

/** What a stage may use: time left until its deadline, and the signal that ends it early. */
export interface StageTime {
  leftMs(): number;
  /** So much of it was spent waiting for us or the provider, ms: the deadline moves by it. */
  excuse(ms: number): void;
  signal: AbortSignal;
}

/** Runs one stage under its deadline, measures it, and names it in whatever it throws. */
export type RunStage = <T>(stage: Stage, work: (time: StageTime) => Promise<T>) => Promise<T>;

/** Told of each stage that ended: `ok`, or the code of the error that ended it (`ABORTED`: the caller did). */
export type OnStage = (stage: Stage, seconds: number, outcome: 'ok' | 'ABORTED' | ErrorCode) => void;

// Stages whose time is the script's: the sandbox's side says that it passed. Ours only catches what never answers.
const SCRIPT_TIMED_OUT: Partial<Record<Stage, ErrorCode>> = {
  fetch: 'FETCH_TIMED_OUT',
  setup: 'SETUP_TIMED_OUT',
  build: 'BUILD_TIMED_OUT',
  test: 'TEST_TIMED_OUT',
};
// Covers the longest wait that may be excused afterwards (30 s, for a change of network or the start of a command).
const GRACE_MS = 45_000;
const LAST_WORDS_MS = 2_000;

/** A runner for the stages of one attempt. `timings` gets one entry a stage that ran. */
export function stageRunner(given: {
  timeouts: Readonly<Record<Stage, number>>;
  timings: StageTiming[];
  signal: AbortSignal;
  /** Told of each stage that begins. */
  onBegin?: ((stage: Stage) => void) | undefined;
  onStage?: OnStage | undefined;
}): RunStage {
  return async (stage, work) => {
    // Destroy is owed whatever was cancelled.
    const callers = stage === 'destroy' ? new AbortController().signal : given.signal;
    const startedAt = performance.now();
    given.onBegin?.(stage);
    let outcome: 'ok' | 'ABORTED' | ErrorCode = 'ok';
    try {
      callers.throwIfAborted();
      return await underDeadline(stage, given.timeouts[stage] * 1000, { work, callers });
    } catch (error) {
      const byCaller = callers.aborted && error === callers.reason;
      const named = byCaller ? error : nameStage(error, stage, given.timeouts[stage]);
      outcome = named instanceof EvalpoolError && !byCaller ? named.code : 'ABORTED';
      throw named;
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      given.timings.push({ stage, seconds });
      given.onStage?.(stage, seconds, outcome);
    }
  };
}

async function underDeadline<T>(
  stage: Stage,
  deadlineMs: number,
  given: { work: (time: StageTime) => Promise<T>; callers: AbortSignal },
): Promise<T> {
  const ours = new AbortController();
  // By hand and undone: AbortSignal.any would keep the stage, and what it returned, as long as the caller's signal lives.
  const follow = (): void => ours.abort(given.callers.reason);
  given.callers.addEventListener('abort', follow);
  const clock = startClock(deadlineMs, stage in SCRIPT_TIMED_OUT ? GRACE_MS : 0, () => {
    const message = `${stage} did not end within its ${deadlineMs / 1000} s`;
    ours.abort(new EvalpoolError('STAGE_STUCK', message));
  });
  try {
    return await unlessAborted(given.work({ ...clock, signal: ours.signal }), ours.signal);
  } finally {
    clock.stop();
    given.callers.removeEventListener('abort', follow);
  }
}

interface Clock extends Pick<StageTime, 'leftMs' | 'excuse'> {
  stop(): void;
}

/** Calls `stuck` once the deadline has passed by the grace. */
function startClock(deadlineMs: number, graceMs: number, stuck: () => void): Clock {
  let passesAt = performance.now() + deadlineMs;
  const leftMs = (): number => Math.max(0, passesAt - performance.now());
  const untilStuck = (): number => passesAt + graceMs - performance.now();
  let timer = setTimeout(stuck, untilStuck());
  const excuse = (ms: number): void => {
    clearTimeout(timer);
    passesAt += ms;
    timer = setTimeout(stuck, untilStuck());
  };
  return { leftMs, excuse, stop: () => clearTimeout(timer) };
}

// Whoever is told to stop gets a moment to do so by himself, log and all.
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let release: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = (): void => {
      setTimeout(() => reject(signal.reason), LAST_WORDS_MS).unref();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    release = () => signal.removeEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    release?.();
  }
}

function nameStage(thrown: unknown, stage: Stage, seconds: number): EvalpoolError {
  const error =
    thrown instanceof DeadlinePassed ? ofDeadline(thrown, stage, seconds) : asEvalpoolError(thrown);
  error.stage ??= stage;
  return error;
}

function ofDeadline(passed: DeadlinePassed, stage: Stage, seconds: number): EvalpoolError {
  const code = SCRIPT_TIMED_OUT[stage] ?? 'STAGE_STUCK';
  return new EvalpoolError(code, `${stage} was still running after its ${seconds} s`, { cause: passed });
}
