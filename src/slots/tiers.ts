import { ACCOUNT_LIMITS, type AccountLimits } from '../account-limits.ts';
import type { Database } from '../database/connect.ts';
import type { ProviderConfig, TierName } from '../provider-config.ts';

/** The limits and prices of a kind of account. Prices are US dollars per second of a running sandbox. */
export interface Tier extends Omit<AccountLimits, 'createsPerS'> {
  /** Null: as fast as the server can. */
  createsPerS: number | null;
  usdPerCpuS: number;
  usdPerGibS: number;
}

/** E2B's published prices (e2b.dev/docs/faq/calculate-sandbox-price, November 2026). */
const E2B_PRICES = { usdPerCpuS: 0.000014, usdPerGibS: 0.0000045 };

/** E2B's accounts, and our own server. */
export const TIERS: Readonly<Record<TierName, Tier>> = {
  local: { maxSandboxes: 4, createsPerS: null, longestSessionS: 86_400, usdPerCpuS: 0, usdPerGibS: 0 },
  hobby: { ...ACCOUNT_LIMITS.hobby, ...E2B_PRICES },
  pro: { ...ACCOUNT_LIMITS.pro, ...E2B_PRICES },
};

/** The tier of a provider with what differs from it: the one it names, else the smallest that fits its kind. */
export function tierOf(provider: ProviderConfig): Tier & { name: string } {
  const { overrides, concurrency } = provider;
  const name = provider.tier ?? (provider.name === 'local' ? 'local' : 'hobby');
  const tier = { ...TIERS[name], ...overrides };
  // What this machine can bear, nobody limits but its owner.
  const most = name === 'local' && overrides.maxSandboxes === undefined ? Infinity : tier.maxSandboxes;
  return { ...tier, name, maxSandboxes: Math.min(concurrency ?? tier.maxSandboxes, most) };
}

/** How long a sandbox of the provider may live, for whoever says so. */
export function sessionOf(provider: ProviderConfig): {
  provider: string;
  tier: string;
  longestSessionS: number;
} {
  const { name, longestSessionS } = tierOf(provider);
  return { provider: provider.name, tier: name, longestSessionS };
}

/** Makes the provider known to the deployment, or brings its limits up to date. What is held or set by hand stays. */
export async function saveProvider(database: Database, provider: ProviderConfig): Promise<void> {
  const tier = tierOf(provider);
  const limits = {
    tier: tier.name,
    max_sandboxes: tier.maxSandboxes,
    creates_per_s: tier.createsPerS,
    longest_session_s: tier.longestSessionS,
    usd_per_cpu_s: tier.usdPerCpuS,
    usd_per_gib_s: tier.usdPerGibS,
    reserve: provider.reserve,
  };
  await database
    .insertInto('providers')
    .values({ name: provider.name, ...limits })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(limits))
    .execute();
}

/** Changes how many sandboxes a provider may hold at once; evaluators follow within seconds. */
export async function setProviderLimit(
  database: Database,
  name: string,
  maxSandboxes: number,
): Promise<void> {
  await database
    .updateTable('providers')
    .set({ max_sandboxes: maxSandboxes })
    .where('name', '=', name)
    .execute();
}

/** Size of E2B's default sandbox, which cost estimates assume. */
const CPUS = 2;
const GIB = 0.5;

/** What a sandbox of the default size costs, US dollars. */
export function costOf(tier: Pick<Tier, 'usdPerCpuS' | 'usdPerGibS'>, sandboxSeconds: number): number {
  return sandboxSeconds * (CPUS * tier.usdPerCpuS + GIB * tier.usdPerGibS);
}

/** A provider's limits and use as the deployment knows them. */
export interface ProviderState extends Tier {
  tier: string;
  held: number;
  /** The limit that takers of slots see now. */
  slots: number;
}

/** Undefined when no evaluator of that provider has ever started. */
export async function readProvider(database: Database, name: string): Promise<ProviderState | undefined> {
  const row = await database.selectFrom('providers').selectAll().where('name', '=', name).executeTakeFirst();
  return (
    row && {
      tier: row.tier,
      held: row.held,
      slots: row.slots,
      maxSandboxes: row.own_max_sandboxes ?? row.max_sandboxes,
      createsPerS: row.own_creates_per_s ?? row.creates_per_s,
      longestSessionS: row.longest_session_s,
      usdPerCpuS: row.usd_per_cpu_s,
      usdPerGibS: row.usd_per_gib_s,
    }
  );
}
