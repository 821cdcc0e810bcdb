import { setTimeout as wait } from 'node:timers/promises';
import type { Freezer } from './freezer.ts';

/** How long a freeze waits for commands that are being started, ms; what joins the box later is held by its control group. */
const STARTS_MS = 2000;

/**
 * Stands between a box and whoever stops it.
 * 1. It is frozen from the first freeze until as many thaws.
 * 2. No command starts meanwhile: it waits, and one whose start is under way is waited for.
 * 3. Changes happen one after another.
 */
export class BoxFreezer {
  readonly #freezer: Freezer;
  readonly #starting = new Set<Promise<unknown>>();
  #holds = 0;
  #isFrozen = false;
  #isGone = false;
  #turn: Promise<void> = Promise.resolve();
  #thawed: Promise<void> | undefined;
  #letStart: () => void = () => {};

  constructor(freezer: Freezer) {
    this.#freezer = freezer;
  }

  /** Throws when the box is gone or cannot be stopped; then it runs, unless someone else froze it. */
  async freeze(): Promise<void> {
    if (this.#isGone) throw new Error('the sandbox is gone');
    this.#holds += 1;
    this.#thawed ??= new Promise((resolve) => (this.#letStart = resolve));
    try {
      await this.#inTurn();
    } catch (error) {
      await this.thaw();
      throw error;
    }
  }

  /** Throws when its processes cannot go on; then it stays frozen. */
  async thaw(): Promise<void> {
    this.#holds -= 1;
    try {
      await this.#inTurn();
    } catch (error) {
      this.#holds += 1;
      throw error;
    }
  }

  /** Starts a command as soon as the box is not frozen. */
  async start<T>(work: () => Promise<T>): Promise<T> {
    while (this.#thawed) await this.#thawed;
    const started = work();
    this.#starting.add(started);
    try {
      return await started;
    } finally {
      this.#starting.delete(started);
    }
  }

  /** The box is gone: nobody waits for it any more. */
  end(): void {
    this.#isGone = true;
    this.#open();
  }

  #open(): void {
    this.#thawed = undefined;
    this.#letStart();
  }

  #inTurn(): Promise<void> {
    const turn = this.#turn.then(() => this.#settle());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #settle(): Promise<void> {
    if (this.#holds > 0 && !this.#isFrozen) {
      const started = Promise.allSettled(this.#starting);
      if (this.#starting.size > 0) await Promise.race([started, wait(STARTS_MS, undefined, { ref: false })]);
      await this.#freezer.freeze();
      this.#isFrozen = true;
    }
    if (this.#holds > 0) return;
    if (this.#isFrozen) await this.#freezer.thaw();
    this.#isFrozen = false;
    this.#open();
  }
}
