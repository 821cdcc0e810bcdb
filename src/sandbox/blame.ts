import {
  AuthenticationError,
  InvalidArgumentError,
  NotEnoughSpaceError,
  RateLimitError,
  SandboxError,
  SandboxNotFoundError,
  ServiceBusyError,
  TimeoutError,
} from '@e2b/code-interpreter';
import { EvalpoolError, type ErrorCode } from '../errors.ts';

/** What was asked of the provider: the same words of the SDK mean different things for each. */
export type Asked = 'create' | 'account' | 'sandbox';

// The SDK has one class for both kinds of 429, and one for every way a time-out can come about: only words differ.
const AT_LIMIT = /maximum number of concurrent/i;
const GONE = /killed or reached its end of life|due to sandbox timeout|not running anymore|was not found/i;
const UNHEARD = /handshake timed out|exceeding 'requestTimeoutMs'|aborted due to timeout/i;
const CUT = /terminated|other side closed|stream closed|missing EndStreamResponse|without a result/i;

/** Translates whatever the SDK threw into an error of ours, by class and by message; keeps it as the cause. */
export function blame(thrown: unknown, asked: Asked): EvalpoolError {
  if (thrown instanceof EvalpoolError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EvalpoolError(codeOf(thrown, message, asked), worded(thrown, message), { cause: thrown });
}

/** True for a PROVIDER_BUSY that asks to wait for a free sandbox; any other one asks to create less often. */
export function isConcurrencyLimit(error: EvalpoolError): boolean {
  return error.code === 'PROVIDER_BUSY' && AT_LIMIT.test(error.message);
}

const REFUSALS: readonly ErrorCode[] = [
  'TEMPLATE_NOT_FOUND',
  'ABOVE_TIER',
  'PROVIDER_BUSY',
  'PROVIDER_REFUSED',
  'NETWORK_UNAVAILABLE',
];
const NEVER_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|UND_ERR_CONNECT_TIMEOUT)$/;

/** True for a failed create of which it is certain that no sandbox came: the provider said no, or was never reached. */
export function createdNothing(error: EvalpoolError): boolean {
  if (REFUSALS.includes(error.code) || error.cause instanceof ServiceBusyError) return true;
  return neverConnected(error.cause);
}

// fetch wraps what the socket said, and several addresses' failures in one.
function neverConnected(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown instanceof AggregateError)
    return thrown.errors.length > 0 && thrown.errors.every(neverConnected);
  const code = 'code' in thrown ? String(thrown.code) : '';
  return NEVER_CONNECTED.test(code) || (code === '' && neverConnected(thrown.cause));
}

function codeOf(thrown: unknown, message: string, asked: Asked): ErrorCode {
  if (thrown instanceof RateLimitError) return 'PROVIDER_BUSY';
  if (thrown instanceof AuthenticationError) return 'PROVIDER_REFUSED';
  if (thrown instanceof ServiceBusyError) return asked === 'sandbox' ? 'SANDBOX_LOST' : 'CREATE_FAILED';
  if (thrown instanceof NotEnoughSpaceError) return 'LIMITS';
  if (isUnreachable(thrown, message)) return asked === 'sandbox' ? 'SANDBOX_LOST' : 'PROVIDER_UNREACHABLE';
  return asked === 'sandbox' ? codeInSandbox(thrown, message) : codeOfCreate(thrown, message, asked);
}

function codeOfCreate(thrown: unknown, message: string, asked: Asked): ErrorCode {
  const status = thrown instanceof SandboxError ? thrown.statusCode : undefined;
  if (status === 404 && asked === 'create') return 'TEMPLATE_NOT_FOUND';
  if (status === 400 && /timeout cannot be greater/i.test(message)) return 'ABOVE_TIER';
  if (isNetworkRefusal(thrown, message)) return 'NETWORK_UNAVAILABLE';
  if (status === 403) return 'PROVIDER_REFUSED';
  return 'CREATE_FAILED';
}

function codeInSandbox(thrown: unknown, message: string): ErrorCode {
  if (thrown instanceof SandboxNotFoundError || GONE.test(message)) return 'SANDBOX_LOST';
  if (CUT.test(message) || UNHEARD.test(message) || thrown instanceof TimeoutError) return 'STREAM_LOST';
  if (thrown instanceof InvalidArgumentError) return 'INTERNAL';
  if (isNetworkRefusal(thrown, message)) return 'NETWORK_UNAVAILABLE';
  return thrown instanceof SandboxError ? 'SANDBOX_LOST' : 'INTERNAL';
}

function isNetworkRefusal(thrown: unknown, message: string): boolean {
  const status = thrown instanceof SandboxError ? thrown.statusCode : undefined;
  return (status === 400 || status === 501) && /network/i.test(message);
}

// A request that ran out of time rejects with a DOMException, not with a class of the SDK.
function isUnreachable(thrown: unknown, message: string): boolean {
  if (thrown instanceof TypeError && /fetch failed/.test(message)) return true;
  return thrown instanceof Error && thrown.name === 'TimeoutError' && !(thrown instanceof SandboxError);
}

function worded(thrown: unknown, message: string): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? ` (${thrown.cause.message})` : '';
  return `${message}${cause}`;
}
