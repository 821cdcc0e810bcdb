/** A moment some time ahead that does not come closer while the sandbox stands still. */
export class Deadline {
  readonly #then: () => void;
  #leftMs: number;
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, then: () => void) {
    this.#leftMs = ms;
    this.#then = then;
    this.goOn();
  }

  hold(): void {
    if (this.#timer === undefined) return;
    this.clear();
    this.#leftMs -= performance.now() - this.#startedMs;
  }

  goOn(): void {
    if (this.#timer !== undefined) return;
    this.#startedMs = performance.now();
    this.#timer = setTimeout(this.#then, Math.max(0, this.#leftMs));
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
