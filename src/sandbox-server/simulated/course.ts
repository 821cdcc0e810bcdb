import type { Sim } from './read-sim.ts';

/** Output comes in at most so many pieces. */
const MOST_PIECES = 20;
/** Output smaller than this comes in one piece. */
const LEAST_PIECE_BYTES = 512;

/** Where so many bytes of output go. */
export type Print = (stream: 'stdout' | 'stderr', bytes: number) => void;

/** The time of one simulated command, its output spread over it. Holds one timer at most. */
export class Course {
  /** Resolves when its time is over; never, if it is stopped before. */
  readonly finished: Promise<void>;
  readonly #sim: Sim;
  readonly #print: Print;
  readonly #pieces: number;
  #done = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  /** What is left of the piece that is under way, when frozen. */
  #leftMs: number;
  #finish: () => void = () => {};

  /** Stands still until the first `thaw`. */
  constructor(sim: Sim, print: Print) {
    this.#sim = sim;
    this.#print = print;
    const least = Math.ceil((sim.outBytes + sim.errBytes) / LEAST_PIECE_BYTES);
    this.#pieces = Math.max(1, Math.min(MOST_PIECES, least));
    this.#leftMs = sim.ms / this.#pieces;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
  }

  freeze(): void {
    if (this.#timer === undefined) return;
    this.stop();
    this.#leftMs = Math.max(0, this.#dueMs - performance.now());
  }

  thaw(): void {
    if (this.#timer === undefined && this.#done < this.#pieces) this.#goOn();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #goOn(): void {
    while (this.#leftMs === 0 && this.#done < this.#pieces) this.#piece();
    if (this.#done === this.#pieces) return this.#finish();
    this.#dueMs = performance.now() + this.#leftMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#piece();
      this.#goOn();
    }, this.#leftMs);
  }

  #piece(): void {
    const { outBytes, errBytes, ms } = this.#sim;
    const [before, after] = [this.#done / this.#pieces, (this.#done + 1) / this.#pieces];
    this.#done += 1;
    this.#leftMs = ms / this.#pieces;
    this.#print('stdout', Math.floor(outBytes * after) - Math.floor(outBytes * before));
    this.#print('stderr', Math.floor(errBytes * after) - Math.floor(errBytes * before));
  }
}
