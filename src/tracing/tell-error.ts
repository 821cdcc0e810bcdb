import { ERRORS, type ErrorCode } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import type { Attributes } from './span.ts';

const LONGEST = 500;

/**
 * How a span tells of an error: its code always; its message, with the status of a failure, only where something went wrong
 * on our side. A candidate that fails its tests is what evaluations are for.
 */
export function tellError(
  code: ErrorCode | undefined,
  message?: string,
): { attributes: Attributes; error: string | undefined } {
  if (code === undefined) return { attributes: {}, error: undefined };
  const ours = ERRORS[code].blame === 'ours';
  return {
    attributes: { 'evalpool.error.code': code, 'error.type': ours ? code : undefined },
    error: ours ? harmlessLine(message ?? code, LONGEST) : undefined,
  };
}
