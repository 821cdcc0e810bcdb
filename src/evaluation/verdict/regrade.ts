import { isDeepStrictEqual } from 'node:util';
import type { Blobs } from '../../blobs/blobs.ts';
import { EvalpoolError, outcomeOf, type ErrorCode } from '../../errors.ts';
import type { KeptBecause } from '../../kept-because.ts';
import type { EvaluationResult, Failure } from '../../result.ts';
import { Spec, type SpecInput } from '../../spec.ts';
import { judge, refuseUnjudgeable } from './judge.ts';
import { readKept } from './keep-basis.ts';
import { readReport, type Report } from './read-report.ts';
import type { TestRun } from '../stages/run-tests.ts';

// 1. Finds out whether an evaluation came to a verdict of its tests, and whether what other rules read is still there.
// 2. Reads the kept report by those rules and judges as the run did. Runs nothing, changes nothing that is stored.

/** What other rules make of a result. `fromLog`: the report was read from the log, in which standard error is mixed. */
export type Regraded = { result: EvaluationResult; fromLog: boolean } | { because: KeptBecause };

/** An evaluation as it is stored. */
export interface Stored {
  spec: SpecInput;
  result: EvaluationResult;
}

/** Judges a result again by `changed`, its spec with other rules. Throws SPEC_INVALID for rules that can judge nothing, STORE_FAILED. */
export async function regrade(stored: Stored, changed: SpecInput, blobs: Blobs): Promise<Regraded> {
  const { result } = stored;
  if (!isByTests(result)) return { because: 'no_verdict' };
  // Older versions did not keep which limit it was.
  if (!result.basis && result.failure?.code === 'LIMITS') return { because: 'not_kept' };
  const rules = Spec.parse(changed);
  refuseUnjudgeable(rules);
  const found = await findReport(stored, rules, blobs);
  if ('because' in found) return found;
  return { result: judgeAgain(rules, result, found.report), fromLog: found.fromLog };
}

const BY_TESTS: readonly ErrorCode[] = ['TESTS_FAILED', 'NO_TESTS', 'NO_REWARD', 'LIMITS'];

function isByTests({ outcome, exitCode, failure }: EvaluationResult): boolean {
  if (exitCode === null) return false;
  if (failure === null) return outcome === 'passed';
  return failure.stage === 'test' && BY_TESTS.includes(failure.code);
}

type Found = { report: Report | null; fromLog: boolean } | { because: KeptBecause };

async function findReport({ spec, result }: Stored, rules: Spec, blobs: Blobs): Promise<Found> {
  if (rules.report === undefined) return { report: null, fromLog: false };
  const samePath = spec.report !== undefined && spec.report.path === rules.report.path;
  const kept = samePath ? result.basis?.report : undefined;
  if (kept) {
    const gathered = await readKept(blobs, kept);
    return gathered ? { report: await readReport(rules, gathered), fromLog: false } : { because: 'not_kept' };
  }
  if (samePath && isDeepStrictEqual(spec.report, rules.report) && areTestsEnough(result))
    return { report: { tests: result.tests, problem: null }, fromLog: false };
  if (rules.report.path === undefined) return await readFromLog(result, rules, blobs);
  return { because: samePath ? 'not_kept' : 'other_path' };
}

// Results of versions that kept no report: these codes may rest on more than the tests that were read.
function areTestsEnough({ failure }: EvaluationResult): boolean {
  return failure === null || failure.code === 'TESTS_FAILED';
}

async function readFromLog({ logs }: EvaluationResult, rules: Spec, blobs: Blobs): Promise<Found> {
  const log = logs.find(({ stage }) => stage === 'test');
  if (log?.cut === true) return { because: 'log_cut' };
  // No log: the tests printed nothing.
  const content = log ? await blobs.read(log.blob) : Buffer.alloc(0);
  if (content === null) return { because: 'not_kept' };
  return { report: await readReport(rules, { files: [content], unread: null }), fromLog: true };
}

function judgeAgain(rules: Spec, result: EvaluationResult, report: Report | null): EvaluationResult {
  const { signal = null, limit = null, reward = null } = result.basis ?? {};
  const run: TestRun = { exitCode: result.exitCode ?? 0, signal, limit, heardAll: true, output: null };
  const failure = failureOf(() => judge(rules, run, { report, reward }));
  return {
    ...result,
    outcome: failure ? outcomeOf(failure.code) : 'passed',
    reason: failure ? failure.kind.reason : '',
    failure: failure ? asStored(result.failure, describe(failure)) : null,
    tests: asStored(result.tests, report?.tests ?? []),
  };
}

// The database sorts the fields of objects: what has not changed is written to the byte as it was.
function asStored<T>(stored: T, now: T): T {
  return isDeepStrictEqual(stored, now) ? stored : now;
}

function failureOf(work: () => void): EvalpoolError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof EvalpoolError) return error;
    throw error;
  }
}

function describe({ code, stage = 'test', message, kind }: EvalpoolError): Failure {
  return { code, stage, message, next: kind.next };
}
