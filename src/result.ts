import { outcomeOf, type ErrorCode, type EvalpoolError } from './errors.ts';
import type { Outcome } from './outcome.ts';
import type { Stage } from './stage.ts';

/** What a report says of one test. `error`: it broke outside its assertions. `xfailed`: it failed, as its author expected. */
export const TEST_STATUSES = ['passed', 'failed', 'error', 'skipped', 'xfailed'] as const;
export type TestStatus = (typeof TEST_STATUSES)[number];

/** One test of a report, names and messages bounded and free of control characters. */
export interface TestResult {
  name: string;
  status: TestStatus;
  seconds?: number;
  message?: string;
}

/** How long a stage took. `queue` is the wait from acceptance (or the last hand-back) to the claim. */
export interface StageTiming {
  stage: Stage | 'queue';
  seconds: number;
}

/** A stage's output as kept in the blob store. */
export interface StageLog {
  stage: Stage;
  /** Key in the blob store. */
  blob: string;
  /** Bytes that the stage wrote; more than the blob holds when `cut`. */
  bytes: number;
  cut: boolean;
}

/** A file kept because the spec's `artifacts` asked for it. */
export interface Artifact {
  path: string;
  blob: string;
  bytes: number;
}

/** The report as it was parsed, kept so that it can be parsed again. */
export interface KeptReport {
  /** Key in the blob store of its files, one after the other, gzipped; null: nothing could be gathered, or it is larger than is kept. */
  blob: string | null;
  /** Bytes of each file. */
  files: number[];
  /** Why nothing could be gathered; null: it could. */
  unread: string | null;
}

/** What a reward file says. */
export interface Reward {
  /** By name; `reward` for a file that holds one number. */
  rewards: Record<string, number>;
  /** Why no verdict can rest on it, or null. */
  problem: string | null;
}

/** What a verdict was made from, beside the exit status: `evalpool regrade` makes it again by other rules. */
export interface Basis {
  /** The signal that ended the test script. */
  signal: string | null;
  /** Which limit of the sandbox ended it, in words; null: none as far as one can tell. */
  limit: string | null;
  /** Null: the spec asked for none. */
  report: KeptReport | null;
  /** Null: the spec asked for none. */
  reward?: Reward | null;
}

/** Why an evaluation did not pass. */
export interface Failure {
  code: ErrorCode;
  stage: Stage | null;
  message: string;
  next: string;
}

/** What is kept of a finished evaluation. Times are seconds, sizes bytes, money US dollars. */
export interface EvaluationResult {
  outcome: Outcome;
  /** '' when passed, else the error's reason. */
  reason: string;
  failure: Failure | null;
  /** Exit status of the test script; null when it did not run to its end. */
  exitCode: number | null;
  tests: TestResult[];
  /** By name; absent where the spec asks for no reward. */
  rewards?: Record<string, number>;
  /** Null: the tests did not run to their end. Absent in results of older versions. */
  basis?: Basis | null;
  stages: StageTiming[];
  logs: StageLog[];
  artifacts: Artifact[];
  /** Last lines of the log of the stage that decided, without escape codes. */
  tail: string;
  attempts: number;
  sandboxSeconds: number;
  costUsd: number;
  provider: string;
  template: string;
  startedAt: string;
  finishedAt: string;
}

/** The result of an evaluation that ended without an evaluator to tell more. */
export function failedResult(error: EvalpoolError, attempts: number): EvaluationResult {
  const now = new Date().toISOString();
  return {
    outcome: outcomeOf(error.code),
    reason: error.kind.reason,
    failure: { code: error.code, stage: error.stage ?? null, message: error.message, next: error.kind.next },
    exitCode: null,
    tests: [],
    stages: [],
    logs: [],
    artifacts: [],
    tail: '',
    attempts,
    sandboxSeconds: 0,
    costUsd: 0,
    provider: '',
    template: '',
    startedAt: now,
    finishedAt: now,
  };
}
