import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** An id of 20 lower-case letters or digits; 100 random bits are never drawn twice. */
export function newId(): string {
  return Array.from(randomBytes(20), (byte) => ID_LETTERS[byte & 31]).join('');
}

/** A sandbox id as E2B forms them: `i` and an id. */
export function newSandboxId(): string {
  return 'i' + newId();
}

/** A key or token nobody guesses. */
export function newSecret(): string {
  return randomBytes(24).toString('hex');
}

/** Compares in a time that does not tell how much of the guess is right. */
export function isSameSecret(guess: unknown, secret: string): boolean {
  if (typeof guess !== 'string') return false;
  const [a, b] = [Buffer.from(guess), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What E2B's SDK signs a file URL with. `expires` is the unix time as the query holds it, or undefined. */
export interface SignedAccess {
  path: string;
  operation: 'read' | 'write';
  username: string;
  expires: string | undefined;
}

/** The signature of a file URL under a sandbox's token. */
export function signFileAccess(access: SignedAccess, token: string): string {
  const { path, operation, username, expires } = access;
  const parts = [path, operation, username, token, ...(expires === undefined ? [] : [expires])];
  return 'v1_' + createHash('sha256').update(parts.join(':')).digest('base64').replaceAll('=', '');
}
