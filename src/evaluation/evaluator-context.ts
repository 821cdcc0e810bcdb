import type { ProviderConfig } from '../config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Wake } from '../queue/wake.ts';
import type { Tier } from '../slots/tiers.ts';
import type { Attempt } from './evaluate.ts';
import type { HoldContext } from './held-sandbox.ts';

/** Everything that one evaluator process works with. */
export interface EvaluatorContext extends HoldContext {
  provider: ProviderConfig;
  /** What every attempt uses alike. */
  kept: Pick<Attempt, 'blobs' | 'mirrors' | 'networks' | 'defaultNetwork'>;
  /** What the provider's sandboxes cost now. */
  prices: () => Pick<Tier, 'usdPerCpuS' | 'usdPerGibS'>;
  wake: Wake;
  metrics: Metrics;
  /** Aborted when this process must end: running work is handed back. */
  stopping: AbortSignal;
}
