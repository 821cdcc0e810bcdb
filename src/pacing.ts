/** Lets one loop sleep until it is rung or a time has passed. A ring while nobody waits is remembered. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, at once if it rang since the last wait, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = undefined;
  }
}

/** A loop that runs until stopped; `stop` resolves when its last round is over. */
export interface Loop {
  stop(): Promise<void>;
}

/** Calls `work` again and again, never twice at once, with a wait on the bell between; errors go to `failed`. */
export function repeat(
  work: () => Promise<void>,
  between: { bell?: Bell; ms: number },
  failed: (error: unknown) => void,
): Loop {
  const bell = between.bell ?? new Bell();
  const state = { stopped: false };
  const running = (async () => {
    while (!state.stopped) {
      await work().catch(failed);
      if (!state.stopped) await bell.wait(between.ms);
    }
  })();
  return {
    stop: async () => {
      state.stopped = true;
      bell.ring();
      await running;
    },
  };
}

/**
 * How fast something goes, from what was done at each look: a second, over the last `overMs`, so that a slow start and what was
 * done before the first look do not count. Null while nothing was done or a second has not passed.
 */
export function makePace(overMs: number): (atMs: number, done: number) => number | null {
  const seen: Array<{ atMs: number; done: number }> = [];
  return (atMs, done) => {
    seen.push({ atMs, done });
    while ((seen[1]?.atMs ?? Infinity) < atMs - overMs || seen.length > 1000) seen.shift();
    const first = seen[0];
    if (!first || done === first.done || atMs - first.atMs < 1000) return null;
    return ((done - first.done) * 1000) / (atMs - first.atMs);
  };
}
