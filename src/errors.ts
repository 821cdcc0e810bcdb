import type { Outcome } from './outcome.ts';
import type { Stage } from './stage.ts';

/** Whose fault an error is. `user`: whoever typed the command; `ours`: evalpool, its services or its provider. */
export type Blame = 'candidate' | 'spec' | 'ours' | 'user';

interface ErrorKind {
  readonly blame: Blame;
  /** The outcome's reason, as results and summaries show it. */
  readonly reason: string;
  /** What the reader can do about it. */
  readonly next: string;
  /** Blamed on the spec only after it happened in a second sandbox too. */
  readonly confirm?: true;
  /** It may meet every evaluation alike: then it costs none of them an attempt. */
  readonly outage?: true;
}

/** Every error evalpool can end a command or an evaluation with; docs/errors.md explains each (tested). */
export const ERRORS = {
  USAGE: { blame: 'user', reason: 'usage', next: 'See --help.' },
  INPUT_UNREADABLE: { blame: 'user', reason: 'input', next: 'Check that the file exists and may be read.' },
  MACHINE_LACKS: {
    blame: 'user',
    reason: 'machine',
    next: 'Run `evalpool doctor`: it names the one command.',
  },
  UNAUTHENTICATED: { blame: 'user', reason: 'key', next: 'Send a key that `evalpool keys create` made.' },
  FORBIDDEN: { blame: 'user', reason: 'scope', next: 'Use a key with the named scope.' },
  NOT_FOUND: { blame: 'user', reason: 'not_found', next: 'Check the name; another tenant has its own.' },
  CONFLICT: { blame: 'user', reason: 'conflict', next: 'Look at its state first.' },
  TOO_LARGE: {
    blame: 'user',
    reason: 'too_large',
    next: 'Send less at once; specs go as application/x-ndjson.',
  },
  RATE_LIMITED: { blame: 'user', reason: 'rate', next: 'Wait as long as Retry-After says.' },
  STACK_FAILED: { blame: 'ours', reason: 'stack', next: 'Read the named log, then `evalpool doctor`.' },
  SPEC_INVALID: {
    blame: 'spec',
    reason: 'spec',
    next: 'Correct the named field; `evalpool schema` lists all.',
  },
  BATCH_CANCELLED: {
    blame: 'user',
    reason: 'cancelled',
    next: 'Use another name, or `evalpool retry BATCH --cancelled`.',
  },
  CANCELLED: { blame: 'user', reason: 'cancelled', next: 'Its batch was cancelled.' },
  SPEC_DUPLICATE: { blame: 'spec', reason: 'duplicate', next: 'Give one of the two another id or sample.' },

  TEMPLATE_NOT_FOUND: { blame: 'spec', reason: 'template', next: 'Name a template that the provider has.' },
  ABOVE_TIER: { blame: 'spec', reason: 'above_tier', next: 'Lower the time-outs or use a larger tier.' },
  NETWORK_UNAVAILABLE: {
    blame: 'spec',
    reason: 'network',
    next: 'Use `network: none`, or see `evalpool doctor`.',
  },
  SECRET_MISSING: { blame: 'spec', reason: 'secret', next: 'Set EVALPOOL_SECRET_<NAME> for the evaluators.' },
  REPO_FORBIDDEN: { blame: 'spec', reason: 'repo', next: 'Use an https or ssh URL of a public host.' },
  FETCH_FAILED: {
    blame: 'spec',
    reason: 'fetch',
    next: 'Try the printed git command by hand.',
    confirm: true,
  },
  FETCH_TIMED_OUT: { blame: 'spec', reason: 'fetch', next: 'Raise timeouts.fetch.', confirm: true },
  REF_NOT_FOUND: { blame: 'spec', reason: 'ref', next: 'Check that the ref exists in the repo.' },
  SETUP_FAILED: {
    blame: 'spec',
    reason: 'setup',
    next: 'Read the set-up log; if it needs the internet, say `network: {"setup": "nat"}`.',
    confirm: true,
  },
  SETUP_TIMED_OUT: { blame: 'spec', reason: 'setup', next: 'Raise timeouts.setup.', confirm: true },
  TEST_PATCH_FAILED: { blame: 'spec', reason: 'test_patch', next: 'Make testPatch apply to the ref.' },

  PATCH_FAILED: { blame: 'candidate', reason: 'patch', next: 'See what git says in the patch log.' },
  EMPTY_PATCH: { blame: 'candidate', reason: 'empty_patch', next: 'The submission changes nothing.' },
  BUILD_FAILED: { blame: 'candidate', reason: 'build', next: 'Read the build log.' },
  BUILD_TIMED_OUT: {
    blame: 'candidate',
    reason: 'build',
    next: 'Read the build log, or raise timeouts.build.',
  },
  TESTS_FAILED: { blame: 'candidate', reason: 'tests', next: 'Read the test log.' },
  TEST_TIMED_OUT: { blame: 'candidate', reason: 'tests', next: 'Read the test log, or raise timeouts.test.' },
  NO_TESTS: {
    blame: 'candidate',
    reason: 'no_tests',
    next: 'The suite never ran to its report: read the test log.',
  },
  NO_REWARD: {
    blame: 'candidate',
    reason: 'no_reward',
    next: 'The tests left no usable reward: read the test log.',
  },
  LIMITS: {
    blame: 'candidate',
    reason: 'limits',
    next: "It met the sandbox's memory, disk or process limit.",
  },
  SANDBOX_KILLED: {
    blame: 'candidate',
    reason: 'sandbox_killed',
    next: 'Its sandbox died each time: read the log.',
  },

  SANDBOX_LOST: {
    blame: 'ours',
    reason: 'sandbox_lost',
    next: 'Retried by itself; see the provider if it repeats.',
  },
  CREATE_FAILED: {
    blame: 'ours',
    reason: 'create',
    next: 'Retried by itself; see the provider if it repeats.',
    outage: true,
  },
  PROVIDER_BUSY: {
    blame: 'ours',
    reason: 'provider_busy',
    next: 'Retried by itself once the provider has room.',
    outage: true,
  },
  PROVIDER_REFUSED: {
    blame: 'ours',
    reason: 'provider_refused',
    next: "Check the provider's key and account.",
    outage: true,
  },
  PROVIDER_UNREACHABLE: {
    blame: 'ours',
    reason: 'provider',
    next: 'Check the endpoint and the network.',
    outage: true,
  },
  STREAM_LOST: {
    blame: 'ours',
    reason: 'stream_lost',
    next: 'Retried by itself; see the provider if it repeats.',
  },
  STAGE_STUCK: { blame: 'ours', reason: 'stuck', next: 'Retried by itself; report it if it repeats.' },
  WORKER_LOST: { blame: 'ours', reason: 'worker_lost', next: "Read the evaluators' logs." },
  STORE_FAILED: {
    blame: 'ours',
    reason: 'store',
    next: 'Check Postgres and the disk of the evaluators.',
    outage: true,
  },
  INTERNAL: { blame: 'ours', reason: 'internal', next: 'Please report it, with the log.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** All codes. */
export const ERROR_CODES = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);

/** An error with a code of the table above. The message says what happened, in the reader's terms. */
export class EvalpoolError extends Error {
  readonly code: ErrorCode;
  stage: Stage | undefined;

  constructor(code: ErrorCode, message: string, more: { cause?: unknown; stage?: Stage } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'EvalpoolError';
    this.code = code;
    this.stage = more.stage;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code];
  }
}

/** Any thrown value as an EvalpoolError; what is not one already is our own fault. */
export function asEvalpoolError(thrown: unknown, code: ErrorCode = 'INTERNAL'): EvalpoolError {
  if (thrown instanceof EvalpoolError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EvalpoolError(code, message, { cause: thrown });
}

const TIMED_OUT: readonly ErrorCode[] = ['BUILD_TIMED_OUT', 'TEST_TIMED_OUT'];

/** The outcome an error gives an evaluation when no further attempt follows. */
export function outcomeOf(code: ErrorCode): Outcome {
  if (TIMED_OUT.includes(code)) return 'timed_out';
  if (code === 'CANCELLED') return 'cancelled';
  const { blame } = ERRORS[code];
  if (blame === 'candidate') return 'failed';
  return blame === 'spec' ? 'invalid' : 'infra_error';
}
