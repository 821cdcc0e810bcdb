import { deferred, type Deferred } from '../deferred.ts';

/**
 * Lets evaluations of one process run side by side, and one that may be what kills processes alone: it waits until the
 * others are done, and they wait until it is.
 */
export class LoneGate {
  #inside = 0;
  #alone = false;
  readonly #waiting: Array<{ alone: boolean; turn: Deferred<void> }> = [];

  /** Resolves when it may go in; call the result once when it is out again. */
  async enter(alone: boolean): Promise<() => void> {
    const turn = deferred();
    this.#waiting.push({ alone, turn });
    this.#admit();
    await turn.promise;
    return () => {
      this.#inside -= 1;
      this.#alone = false;
      this.#admit();
    };
  }

  // In the order in which they came, so that the lone one gets its turn.
  #admit(): void {
    for (let next = this.#waiting[0]; next && !this.#alone; next = this.#waiting[0]) {
      if (next.alone && this.#inside > 0) return;
      this.#waiting.shift();
      this.#inside += 1;
      this.#alone = next.alone;
      next.turn.resolve();
    }
  }
}
