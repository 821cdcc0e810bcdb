import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { asEvalpoolError, EvalpoolError, type ErrorCode } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';

/** What is wrong with one field of a request. */
export interface FieldError {
  field: string;
  message: string;
}

/** Problem details (RFC 9457), with the code of docs/errors.md. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  /** What to do about it. */
  next: string;
  errors?: FieldError[];
}

const MOST_ERRORS = 20;

const STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  SPEC_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  BATCH_CANCELLED: 409,
  CONFLICT: 409,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  STORE_FAILED: 503,
};

/** Whatever a request ended with, told so that it helps its sender and gives nothing of ours away. */
export function problemOf(thrown: unknown): Problem {
  const { error, errors } = nameError(thrown);
  const status = STATUS[error.code] ?? 500;
  return {
    type: `urn:evalpool:error:${error.code}`,
    title: error.kind.reason,
    status,
    detail: status === 500 ? 'something went wrong on our side; the log of the API says more' : error.message,
    code: error.code,
    next: error.kind.next,
    ...(errors && { errors }),
  };
}

function nameError(thrown: unknown): { error: EvalpoolError; errors?: FieldError[] } {
  if (thrown instanceof EvalpoolError) return { error: thrown };
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const where = thrown.validationContext ?? 'request';
    const errors = thrown.validation.slice(0, MOST_ERRORS).map(({ instancePath, message }) => ({
      field: harmlessLine(instancePath.slice(1).replaceAll('/', '.'), 100),
      message: harmlessLine(message ?? 'is not as expected', 300),
    }));
    const told = errors.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; ');
    return { error: new EvalpoolError('USAGE', `${where}: ${told}`), errors };
  }
  return { error: ofFastify(thrown) ?? asEvalpoolError(thrown) };
}

function ofFastify(thrown: unknown): EvalpoolError | undefined {
  if (!isFastifyError(thrown)) return undefined;
  const status = thrown.statusCode ?? 500;
  if (status >= 500) return undefined;
  const code =
    status === 413 ? 'TOO_LARGE' : status === 429 ? 'RATE_LIMITED' : status === 404 ? 'NOT_FOUND' : 'USAGE';
  return new EvalpoolError(code, thrown.message);
}

function isFastifyError(thrown: unknown): thrown is FastifyError {
  return thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number';
}
