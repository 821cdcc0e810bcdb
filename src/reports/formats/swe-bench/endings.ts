import type { ErrorCode } from '../../../errors.ts';
import type { ResultRecord } from '../run-folder.ts';

/**
 * How SWE-bench's harness counts an instance. `ambiguous`: it ran and is not resolved, but whether the candidate is to blame
 * cannot be told; `error`: it could not be graded; `infra`: the machinery failed; `incomplete`: nothing was evaluated.
 */
export type EndingKind =
  'resolved' | 'unresolved' | 'ambiguous' | 'empty_patch' | 'error' | 'infra' | 'incomplete';

/** An ending, and the harness's word for why; null where it has none, and our reason stands. */
export interface Ending {
  kind: EndingKind;
  word: string | null;
}

const unresolved: Ending = { kind: 'unresolved', word: null };
const error: Ending = { kind: 'error', word: null };
const infra: Ending = { kind: 'infra', word: null };
const noContainer: Ending = { kind: 'infra', word: 'container_unavailable' };

const OF_CODE: Readonly<Record<ErrorCode, Ending>> = {
  EMPTY_PATCH: { kind: 'empty_patch', word: null },
  // The harness raises an error, and writes no report, for a patch that does not apply.
  PATCH_FAILED: error,
  BUILD_FAILED: unresolved,
  BUILD_TIMED_OUT: unresolved,
  TESTS_FAILED: unresolved,
  LIMITS: unresolved,
  SANDBOX_KILLED: unresolved,
  TEST_TIMED_OUT: { kind: 'ambiguous', word: 'tests_timed_out' },
  NO_TESTS: { kind: 'ambiguous', word: 'no_tests_collected' },
  NO_REWARD: { kind: 'ambiguous', word: null },

  SPEC_INVALID: error,
  SPEC_DUPLICATE: error,
  TEMPLATE_NOT_FOUND: error,
  ABOVE_TIER: error,
  NETWORK_UNAVAILABLE: error,
  SECRET_MISSING: error,
  REPO_FORBIDDEN: error,
  FETCH_FAILED: error,
  FETCH_TIMED_OUT: error,
  REF_NOT_FOUND: error,
  SETUP_FAILED: error,
  SETUP_TIMED_OUT: error,
  TEST_PATCH_FAILED: error,
  USAGE: error,
  INPUT_UNREADABLE: error,
  UNAUTHENTICATED: error,
  FORBIDDEN: error,
  NOT_FOUND: error,
  CONFLICT: error,
  TOO_LARGE: error,
  RATE_LIMITED: error,

  SANDBOX_LOST: noContainer,
  CREATE_FAILED: noContainer,
  PROVIDER_BUSY: noContainer,
  PROVIDER_REFUSED: noContainer,
  PROVIDER_UNREACHABLE: { kind: 'infra', word: 'network_unreachable' },
  STREAM_LOST: { kind: 'infra', word: 'network_unreachable' },
  STAGE_STUCK: infra,
  WORKER_LOST: infra,
  STORE_FAILED: infra,
  MACHINE_LACKS: infra,
  STACK_FAILED: infra,
  INTERNAL: infra,

  CANCELLED: { kind: 'incomplete', word: null },
  BATCH_CANCELLED: { kind: 'incomplete', word: null },
};

const OF_OUTCOME: Readonly<Record<ResultRecord['outcome'], Ending>> = {
  passed: { kind: 'resolved', word: null },
  failed: unresolved,
  timed_out: { kind: 'ambiguous', word: 'tests_timed_out' },
  invalid: error,
  infra_error: infra,
  cancelled: { kind: 'incomplete', word: null },
};

/** The ending of a result: by its code, or by its outcome where the code is none of this version. */
export function endingOf({ outcome, failure }: ResultRecord): Ending {
  if (outcome === 'passed' || !failure) return OF_OUTCOME[outcome];
  return isCode(failure.code) ? OF_CODE[failure.code] : OF_OUTCOME[outcome];
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(OF_CODE, code);
}
