import type { ProviderConfig } from '../provider-config.ts';
import type { Wake } from '../queue/wake.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Attempt } from './evaluate.ts';
import type { Prices } from './follow-prices.ts';
import type { HoldContext } from './held-sandbox.ts';
import type { LoneGate } from './lone-gate.ts';
import type { RunningAttempts } from './running-attempts.ts';

/** Everything that one evaluator process works with. */
export interface EvaluatorContext extends HoldContext {
  provider: ProviderConfig;
  /** What every attempt uses alike. */
  kept: Pick<Attempt, 'blobs' | 'mirrors' | 'networks' | 'defaultNetwork'>;
  /** What the provider's sandboxes cost now. */
  prices: () => Prices;
  wake: Wake;
  tracing: Tracing;
  /** Lets one that may be what kills processes run alone. */
  gate: LoneGate;
  running: RunningAttempts;
  /** Tells that logs could not be written. */
  storeFailed: () => void;
  /** Aborted when this process is to end: nothing new is begun. */
  draining: AbortSignal;
}
