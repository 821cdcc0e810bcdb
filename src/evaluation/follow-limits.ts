import type { ProviderConfig } from '../provider-config.ts';
import type { Database } from '../database/connect.ts';
import type { Log } from '../log.ts';
import { Bell, repeat } from '../pacing.ts';
import type { Wake } from '../queue/wake.ts';
import { readProvider, tierOf, type ProviderState } from '../slots/tiers.ts';

/** Changed limits are seen so soon even if their wake-up was lost, ms. */
const LOOK_EVERY_MS = 1000;

/** The limits and prices of a provider as they are now. */
export interface Limits {
  now: () => ProviderState;
  stop: () => Promise<void>;
}

/** Reads the limits of a provider, and again whenever they may have changed. */
export async function followLimits(
  { database, wake, log }: { database: Database; wake: Wake; log: Log },
  provider: ProviderConfig,
): Promise<Limits> {
  const tier = tierOf(provider);
  let limits = (await readProvider(database, provider.name)) ?? {
    ...tier,
    tier: tier.name,
    held: 0,
    slots: tier.maxSandboxes,
  };
  const bell = new Bell();
  const off = wake.on('limits', () => bell.ring());
  const read = async (): Promise<void> => {
    limits = (await readProvider(database, provider.name)) ?? limits;
  };
  const loop = repeat(read, { bell, ms: LOOK_EVERY_MS }, (error) =>
    log.warn({ err: error }, 'the limits of the provider could not be read'),
  );
  return {
    now: () => limits,
    stop: async () => {
      off();
      await loop.stop();
    },
  };
}
