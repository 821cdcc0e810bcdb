import type { AccountLimits } from './account-limits.ts';
import { EvalpoolError } from './errors.ts';
import type { Network } from './stage.ts';

/** Kinds of accounts; src/slots/tiers.ts has their limits and prices. */
export const TIER_NAMES = ['local', 'hobby', 'pro'] as const;
export type TierName = (typeof TIER_NAMES)[number];

/** What an account may do and what it costs, where it differs from its tier. Prices are US dollars per second. */
export interface LimitOverrides extends Partial<AccountLimits> {
  usdPerCpuS?: number;
  usdPerGibS?: number;
}

/** Where sandboxes come from. Undefined URLs: E2B's cloud. */
export interface ProviderConfig {
  name: string;
  tier: TierName | undefined;
  overrides: LimitOverrides;
  /** Sandboxes at once, at most the account's. */
  concurrency: number | undefined;
  /** Sandboxes left to people who work by hand. */
  reserve: number;
  template: string;
  networks: readonly Network[];
  apiUrl: string | undefined;
  sandboxUrl: string | undefined;
  /** The variable that holds the key: for messages, since the key itself is in none. */
  keyFrom: string;
  apiKey: string | undefined;
}

/** The key of a provider. Throws USAGE that names the variable that should hold it. */
export function keyOf({ name, keyFrom, apiKey }: ProviderConfig): string {
  if (apiKey !== undefined) return apiKey;
  throw new EvalpoolError('USAGE', `provider ${name}: its key is expected in ${keyFrom}, which is not set`);
}
