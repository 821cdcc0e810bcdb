import { EvalpoolError, type ErrorCode } from '../../errors.ts';
import type { Spec } from '../../spec.ts';
import { isSubmitted } from './apply-submission.ts';
import { noteBefore, type Before } from './guard-build.ts';
import { metLimit } from './met-limit.ts';
import type { Desk } from '../open-desk.ts';
import { describeExit, runScript } from './run-script.ts';

/**
 * Builds the candidate's code. Returns what the tests must find as it was before; null: there is no submission that could change
 * it. Throws BUILD_FAILED, or LIMITS if the sandbox's own limits ended it.
 */
export async function runBuild(desk: Desk, spec: Spec, script: string): Promise<Before | null> {
  const before = isSubmitted(spec) ? await noteBefore(desk, spec) : null;
  const exit = await runScript(desk, spec, { text: script, before: before?.cleanUp ?? '' });
  if (exit.exitCode === 0) return before;
  const limit = metLimit(exit, desk.log.kept().content);
  const code: ErrorCode = limit === null ? 'BUILD_FAILED' : 'LIMITS';
  throw new EvalpoolError(code, `the build ${limit ?? describeExit(exit)}`);
}
