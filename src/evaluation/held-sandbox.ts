import { setTimeout as delay } from 'node:timers/promises';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import type { Claimed } from '../database/claim-evaluation.ts';
import type { Log } from '../log.ts';
import { repeat, type Loop } from '../pacing.ts';
import { createdNothing } from '../sandbox/blame.ts';
import type { Sandbox, Sandboxes } from '../sandbox/sandbox.ts';
import {
  condemn,
  giveBack,
  GRANT_HOLDS_MS,
  LIFE_S,
  markAlive,
  renew,
  RENEW_EVERY_S,
  type Slot,
} from '../slots/slots.ts';
import type { Database } from '../database/connect.ts';
import type { Network } from '../stage.ts';
import type { OwnLease } from '../database/own-lease.ts';
import type { Measures } from './measures.ts';
import { backOffMs } from './next-step.ts';
import type { SlotWaiter } from './wait-for-slot.ts';

/** About ten minutes: by then a sandbox has reached the provider's own end, and the reaper frees its slot. */
const SETTLE_TRIES = 60;

/** How often it is looked whether a life is to be renewed, ms. */
const LOOK_EVERY_MS = 5000;

const LOOK_AT_LEASE_MS = 250;
/** How long a process that is to end waits for its destroys, ms. */
const HURRY_MS = 2000;

/** What a held sandbox needs of the process it lives in. */
export interface HoldContext {
  database: Database;
  sandboxes: Sandboxes;
  slots: SlotWaiter;
  lease: OwnLease;
  measures: Measures;
  deployment: string;
  log: Log;
  /** Aborted when this process must end now: running work is handed back. */
  stopping: AbortSignal;
}

/**
 * The one sandbox of an attempt, from slot to known gone. Duties:
 * 1. Create it once; if the reply is lost, the ledger row keeps the slot and the reaper settles it by its nonce.
 * 2. Renew its life every 40 s, the ledger first, and run commands: each only while this process's own lease is sure.
 * 3. Destroy it, and free the slot only when the provider said that it is gone; where that cannot be heard or written, again
 *    in the background, without keeping the evaluation waiting.
 */
export class HeldSandbox {
  readonly #context: HoldContext;
  readonly #slot: Slot;
  #sandbox: Sandbox | undefined;
  #renewing: Loop | undefined;
  #sent = false;
  #settled = false;
  #bornMs = 0;
  #renewedMs = 0;
  /** How long the provider ran it, seconds. */
  seconds = 0;

  constructor(context: HoldContext, slot: Slot) {
    this.#context = context;
    this.#slot = slot;
  }

  /** The provider's own id of it, once there is one. */
  get id(): string | undefined {
    return this.#sandbox?.id;
  }

  /** Throws EvalpoolError, blame `ours` or `spec`. */
  async create(
    claimed: Claimed,
    { template, network, signal }: { template: string | undefined; network: Network; signal: AbortSignal },
  ): Promise<Sandbox> {
    do {
      await this.#sureOfLease('create');
      await this.#freshGrant(signal);
    } while (!this.#context.lease.held());
    if (this.#settled) throw new EvalpoolError('WORKER_LOST', 'the attempt ended before its create');
    this.#sent = true;
    const request = { template, network, lifeMs: LIFE_S * 1000, metadata: this.#metadata(claimed) };
    const sandbox = await this.#context.sandboxes.create(request).catch((thrown: unknown) => {
      const error = asEvalpoolError(thrown);
      this.#sent = !createdNothing(error);
      this.#context.measures.creation(error.code === 'PROVIDER_BUSY' ? 'refused' : 'failed');
      throw thrown;
    });
    this.#context.measures.creation('created');
    this.#bornMs = this.#renewedMs = performance.now();
    this.#sandbox = sandbox;
    await this.#enterAlive(sandbox.id);
    this.#renewing = repeat(
      () => this.#renew(),
      { ms: LOOK_EVERY_MS },
      () => {}, // a renewal that failed is tried again at the next look, while 80 s of life remain
    );
    const run: Sandbox['run'] = async (options) => {
      await this.#sureOfLease('command');
      return sandbox.run(options);
    };
    return { ...sandbox, run };
  }

  // A process that was stopped since its grant must not send now: others have been granted theirs.
  async #freshGrant(signal: AbortSignal): Promise<void> {
    while (performance.now() - this.#slot.grantedAtMs > GRANT_HOLDS_MS) {
      await this.#context.slots.refresh(this.#slot, signal).catch((error: unknown) => {
        if (signal.aborted || error instanceof EvalpoolError) throw error;
        asStoreFailed(error);
      });
    }
  }

  // While the database is away nobody can say whether the lease is ours: that is waited for, and no failure.
  async #sureOfLease(before: string): Promise<void> {
    const { lease } = this.#context;
    while (!lease.held()) {
      if (lease.lost.aborted)
        throw new EvalpoolError('WORKER_LOST', `this evaluator lost its lease before the ${before}`);
      await delay(LOOK_AT_LEASE_MS);
    }
  }

  #metadata(claimed: Claimed): Record<string, string> {
    return {
      deployment: this.#context.deployment,
      nonce: this.#slot.nonce,
      evaluation: claimed.evaluationId,
      attempt: String(claimed.attempt),
    };
  }

  async #enterAlive(sandboxId: string): Promise<void> {
    const alive = await markAlive(this.#context.database, this.#slot.ledgerId, sandboxId).catch(
      asStoreFailed,
    );
    if (alive) return;
    const message = 'the reaper condemned the sandbox before its create was answered';
    throw new EvalpoolError('SANDBOX_LOST', message);
  }

  async #renew(): Promise<void> {
    const startedMs = performance.now();
    if (startedMs - this.#renewedMs < RENEW_EVERY_S * 1000 || !this.#context.lease.held()) return;
    if (await renew(this.#context.database, this.#slot.ledgerId)) await this.#sandbox?.extend(LIFE_S * 1000);
    this.#renewedMs = startedMs;
  }

  /**
   * Settles the slot whatever happened before; calls after the first do nothing. Never throws: what could not be
   * destroyed stays condemned for the reaper. `lost`: the sandbox vanished by itself.
   */
  async destroy(lost: boolean): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await this.#renewing?.stop();
    const settled = this.#settle(lost).catch((error: unknown) => {
      this.#log().warn({ err: error }, 'a destroy is tried again');
      void this.#settleLater(lost);
    });
    // Who must end soon says first what becomes of the evaluation: what is left of the sandbox the reaper settles.
    await (this.#context.stopping.aborted ? Promise.race([settled, delay(HURRY_MS)]) : settled);
    if (this.#bornMs > 0) this.seconds = (performance.now() - this.#bornMs) / 1000;
  }

  // Until it is known to be gone or the reaper has taken it over.
  async #settleLater(lost: boolean): Promise<void> {
    for (let tries = 0; tries < SETTLE_TRIES && !this.#context.lease.lost.aborted; tries++) {
      await delay(backOffMs(Math.min(tries, 4)));
      try {
        return await this.#settle(lost);
      } catch (error) {
        this.#log().debug({ err: error }, 'a destroy failed again');
      }
    }
  }

  #log(): Log {
    return this.#context.log.about({ sandbox: this.id, ledger: this.#slot.ledgerId });
  }

  async #settle(lost: boolean): Promise<void> {
    const { database, sandboxes, slots } = this.#context;
    if (this.#sent) await condemn(database, this.#slot.ledgerId, lost);
    if (this.#sent && !this.#sandbox) return; // its reply was lost: the reaper looks for it by its nonce
    if (this.#sandbox) await sandboxes.destroy(this.#sandbox.id);
    await giveBack(database, this.#slot.ledgerId);
    slots.announceFree();
  }
}

function asStoreFailed(cause: unknown): never {
  const message = cause instanceof Error ? cause.message : String(cause);
  throw new EvalpoolError('STORE_FAILED', `the ledger could not be written: ${message}`, { cause });
}
