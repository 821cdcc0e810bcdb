import { createHash, randomBytes } from 'node:crypto';

/**
 * What a key allows. `submit`: batches and evaluations of its tenant, and to steer them; `read`: to see them; `admin`: keys,
 * limits and shares of the whole deployment, and all that the others allow.
 */
export const SCOPES = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

const SECRET_BYTES = 32;
const FORM = /^evp_[A-Za-z0-9_-]{43}$/;

/** A new key: 256 random bits, shown once to whoever asked for it. */
export function makeKey(): string {
  return `evp_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** True if the text has the form of a key. */
export function isKey(text: string): boolean {
  return FORM.test(text);
}

/** What is stored of a key. SHA-256 is enough: nobody guesses 256 random bits, so slowness would protect nothing. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
