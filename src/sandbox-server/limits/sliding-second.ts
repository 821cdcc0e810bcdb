const SECOND_MS = 1000;
/** Times that have left are dropped in pieces of this many, so that an addition costs next to nothing. */
const DROP = 4096;

/** Counts what happened in the second that ends now, exactly. Times are of one clock that never steps back, ms. */
export class SlidingSecond {
  #times: number[] = [];
  #start = 0;
  /** The most that any second ever held. */
  peak = 0;

  /** How many there were after `nowMs - 1000`. */
  countAt(nowMs: number): number {
    while (this.#start < this.#times.length && (this.#times[this.#start] ?? 0) <= nowMs - SECOND_MS)
      this.#start += 1;
    if (this.#start >= DROP) {
      this.#times = this.#times.slice(this.#start);
      this.#start = 0;
    }
    return this.#times.length - this.#start;
  }

  add(nowMs: number): void {
    this.#times.push(nowMs);
    this.peak = Math.max(this.peak, this.countAt(nowMs));
  }

  /** How long until the oldest of the second leaves it, ms; 0: it is empty. */
  nextMs(nowMs: number): number {
    return this.countAt(nowMs) === 0 ? 0 : (this.#times[this.#start] ?? 0) + SECOND_MS - nowMs;
  }
}
