import { z } from 'zod';
import { ACCOUNT_LIMITS } from '../../account-limits.ts';
import { readJsonFile } from '../read-json-file.ts';

const LONGEST_SESSION_S = 24 * 3600;
const count = z.int().positive().nullable().default(null);

/** The limits of the account that the server plays; null: none. What is left out is not limited. */
export const Tier = z
  .strictObject({
    name: z.string().min(1).max(100).default('custom'),
    /** Sandboxes at once, those being opened and destroyed included. */
    maxSandboxes: count,
    /** Creations in any second. */
    createsPerS: count,
    /** No sandbox lives longer, however often its time-out is set anew. */
    longestSessionS: z.int().positive().max(LONGEST_SESSION_S).default(LONGEST_SESSION_S),
  })
  .readonly();
export type Tier = z.output<typeof Tier>;

/** No limit but E2B's longest session of all. */
export const NO_TIER: Tier = Tier.parse({ name: 'none' });

/** The tier of E2B of that name; undefined: it is none. */
export function presetTier(name: unknown): Tier | undefined {
  return name === 'hobby' || name === 'pro' ? { name, ...ACCOUNT_LIMITS[name] } : undefined;
}

/** The tier of E2B that `named` names, else the one in the JSON file of that path. Throws USAGE that names file and field. */
export function readTier(named: string): Tier {
  return presetTier(named) ?? readJsonFile(`--tier ${named}`, named, Tier);
}
