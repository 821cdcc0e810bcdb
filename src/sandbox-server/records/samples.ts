import type { BoxUsage } from '../box.ts';

/** How many are kept of one sandbox: two hours of one every five seconds. */
const MOST = 1440;

/** What a sandbox used at one moment, and of its cpus since the one before, percent of all. */
export interface Sample extends Omit<BoxUsage, 'cpuMs'> {
  /** Unix time. */
  atMs: number;
  cpuUsedPct: number;
}

/** The newest samples of one sandbox. */
export class Samples {
  #samples: Sample[] = [];
  #cpuMs = 0;
  #untilMs: number;

  /** `sinceMs`: when it began to run. */
  constructor(sinceMs: number) {
    this.#untilMs = sinceMs;
  }

  /** From the oldest to the newest. */
  get all(): readonly Sample[] {
    return this.#samples.slice(-MOST);
  }

  /** `sinceMs`: not before that did it run without a break. */
  add({ cpuMs, ...used }: BoxUsage, of: { cpus: number; sinceMs: number; atMs: number }): void {
    const ranMs = of.atMs - Math.max(this.#untilMs, of.sinceMs);
    const usedMs = Math.max(0, cpuMs - this.#cpuMs);
    const cpuUsedPct = ranMs > 0 ? Math.round((usedMs / ranMs / of.cpus) * 10_000) / 100 : 0;
    this.#cpuMs = cpuMs;
    this.#untilMs = of.atMs;
    this.#samples.push({ ...used, atMs: of.atMs, cpuUsedPct });
    if (this.#samples.length >= 2 * MOST) this.#samples = this.#samples.slice(-MOST);
  }
}
