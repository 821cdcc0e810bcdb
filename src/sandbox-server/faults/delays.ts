import { Refusal } from '../refusal.ts';

/** Waits that end with the server. */
export class Delays {
  readonly #waiting = new Map<NodeJS.Timeout, (reason: Error) => void>();

  /** Rejects when the server closes meanwhile. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(timer);
        resolve();
      }, ms);
      this.#waiting.set(timer, reject);
    });
  }

  close(): void {
    for (const [timer, reject] of this.#waiting) {
      clearTimeout(timer);
      reject(new Refusal(503, 'the server closes'));
    }
    this.#waiting.clear();
  }
}
