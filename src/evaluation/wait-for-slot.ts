import pLimit from 'p-limit';
import { isClaimable } from '../database/claim-evaluation.ts';
import type { Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import { Bell } from '../pacing.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Wake } from '../queue/wake.ts';
import { secondsToNextCreate, takeCreation, takeSlot, type Slot, type SlotRequest } from '../slots/slots.ts';

/** A slot freed elsewhere whose wake-up was lost is noticed after this, ms. */
const LOOK_EVERY_MS = 250;

/**
 * Waits for slots of one provider on behalf of all evaluations of this process, first come first served: one queue, so that
 * a hundred waiters ask the database no more often than one.
 */
export class SlotWaiter {
  readonly #database: Database;
  readonly #wake: Wake;
  readonly #metrics: Metrics;
  readonly #provider: string;
  readonly #inLine = pLimit(1);
  // Apart, since who waits in the line above may wait for the slots of those who wait here.
  readonly #inLineAgain = pLimit(1);
  readonly #bell = new Bell();
  readonly #unsubscribe: () => void;

  constructor(database: Database, wake: Wake, metrics: Metrics, provider: string) {
    this.#database = database;
    this.#wake = wake;
    this.#metrics = metrics;
    this.#provider = provider;
    this.#unsubscribe = wake.on(`slot:${provider}`, () => this.#bell.ring());
  }

  /** How many wait now. */
  get waiting(): number {
    return [this.#inLine, this.#inLineAgain].reduce(
      (sum, line) => sum + line.activeCount + line.pendingCount,
      0,
    );
  }

  /** Undefined when `signal` aborts first, or the attempt is found to be wanted no more. */
  take(request: SlotRequest, signal: AbortSignal): Promise<Slot | undefined> {
    return this.#inLine(() => this.#take(request, signal));
  }

  /** Waits until a slot that is held may create again. Rejects with the signal's reason, or WORKER_LOST if it is held no more. */
  refresh(slot: Slot, signal: AbortSignal): Promise<void> {
    return this.#inLineAgain(() => this.#refresh(slot, signal));
  }

  /** A slot of this provider is free again: tells every process. */
  announceFree(): void {
    this.#bell.ring();
    this.#wake.send(`slot:${this.#provider}`);
  }

  close(): void {
    this.#unsubscribe();
  }

  async #take(request: SlotRequest, signal: AbortSignal): Promise<Slot | undefined> {
    const startedMs = performance.now();
    const ring = (): void => this.#bell.ring();
    signal.addEventListener('abort', ring);
    try {
      while (!signal.aborted && (await isClaimable(this.#database, request))) {
        const slot = await takeSlot(this.#database, request);
        if (!slot) {
          await this.#pause();
          continue;
        }
        const waitedS = (performance.now() - startedMs) / 1000;
        this.#metrics.slotWaitSeconds.observe({ provider: this.#provider }, waitedS);
        return slot;
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', ring);
    }
  }

  async #refresh(slot: Slot, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const askedAtMs = performance.now();
      const answer = await takeCreation(this.#database, this.#provider, slot.ledgerId);
      if (answer === 'gone')
        throw new EvalpoolError('WORKER_LOST', 'its slot was taken back before the create');
      if (answer === 'granted') {
        slot.grantedAtMs = askedAtMs;
        return;
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    const nextS = await secondsToNextCreate(this.#database, this.#provider);
    await this.#bell.wait(nextS > 0 ? Math.min(nextS * 1000 + 1, LOOK_EVERY_MS) : LOOK_EVERY_MS);
  }
}
