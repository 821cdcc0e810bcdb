import type { Database } from '../database/connect.ts';
import type { Log } from '../log.ts';
import { repeat, type Loop } from '../pacing.ts';
import type { ProviderConfig } from '../provider-config.ts';
import { readProvider, tierOf, type Tier } from '../slots/tiers.ts';

/** How soon changed prices are seen, ms. */
const LOOK_EVERY_MS = 1000;

/** What a provider's sandboxes cost. */
export type Prices = Pick<Tier, 'usdPerCpuS' | 'usdPerGibS'>;

/** The prices of a provider as they are now: any process of the deployment may bring changed ones with it. */
export function followPrices(
  { database, log }: { database: Database; log: Log },
  provider: ProviderConfig,
): Loop & { now: () => Prices } {
  let prices: Prices = tierOf(provider);
  const read = async (): Promise<void> => {
    prices = (await readProvider(database, provider.name)) ?? prices;
  };
  const loop = repeat(read, { ms: LOOK_EVERY_MS }, (error) =>
    log.warn({ err: error }, 'the prices of the provider could not be read'),
  );
  return { now: () => prices, stop: () => loop.stop() };
}
