import { EvalpoolError } from '../errors.ts';

/**
 * What a sandbox that seems lost is, once the provider was asked whether it lives. It matters: a sandbox that really died may
 * be the candidate's doing, while a broken line to one that lives, or to a provider that does not answer, never is.
 */
export async function confirmLoss(
  error: EvalpoolError,
  isAlive: () => Promise<boolean>,
): Promise<EvalpoolError> {
  if (error.code !== 'SANDBOX_LOST') return error;
  try {
    if (!(await isAlive())) return error;
    return new EvalpoolError('STREAM_LOST', `the sandbox lives but cannot be used: ${error.message}`, {
      cause: error,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${error.message}; nor did the provider say whether the sandbox lives: ${why}`;
    return new EvalpoolError('PROVIDER_UNREACHABLE', message, { cause: error });
  }
}
