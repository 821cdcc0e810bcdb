import pLimit from 'p-limit';
import type { Database } from '../database/connect.ts';
import { Bell } from '../pacing.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Wake } from '../queue/wake.ts';
import { secondsToNextCreate, takeSlot, type Slot, type SlotRequest } from '../slots/slots.ts';

/** A slot freed elsewhere whose wake-up was lost is noticed after this, ms. */
const LOOK_EVERY_MS = 250;

/** Waits for slots of one provider on behalf of all evaluations of this process, first come first served. */
export interface SlotWaiter {
  /** Undefined when `signal` aborts first. */
  take(request: SlotRequest, signal: AbortSignal): Promise<Slot | undefined>;
  /** A slot of this provider is free again: tells every process. */
  announceFree(): void;
  close(): void;
}

/** One queue for the process, so that a hundred waiters ask the database no more often than one. */
export function openSlotWaiter(
  database: Database,
  wake: Wake,
  metrics: Metrics,
  provider: string,
): SlotWaiter {
  const inLine = pLimit(1);
  const bell = new Bell();
  const unsubscribe = wake.on(`slot:${provider}`, () => bell.ring());
  const take = async (request: SlotRequest, signal: AbortSignal): Promise<Slot | undefined> => {
    const startedMs = performance.now();
    while (!signal.aborted) {
      const slot = await takeSlot(database, request);
      if (slot) {
        metrics.slotWaitSeconds.observe({ provider }, (performance.now() - startedMs) / 1000);
        return slot;
      }
      const nextS = await secondsToNextCreate(database, provider);
      await bell.wait(nextS > 0 ? Math.min(nextS * 1000 + 1, LOOK_EVERY_MS) : LOOK_EVERY_MS);
    }
    return undefined;
  };
  return {
    take: (request, signal) => inLine(() => take(request, signal)),
    announceFree: () => {
      bell.ring();
      wake.send(`slot:${provider}`);
    },
    close: unsubscribe,
  };
}
