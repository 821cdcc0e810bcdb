import { setInterval } from 'node:timers';
import type { LiveSandbox } from '../sandboxes.ts';
import { Samples, type Sample } from './samples.ts';

const EVERY_MS = 5000;

interface Sampled {
  samples: Samples;
  sampling: Promise<void> | undefined;
}

/** Looks now and then at what each sandbox uses, for metrics; one timer for all, and none when there are none. */
export class Sampler {
  readonly #cpus: number;
  readonly #sandboxes = new Map<LiveSandbox, Sampled>();
  #timer: NodeJS.Timeout | undefined;

  /** `cpus`: how many each sandbox has. */
  constructor(cpus: number) {
    this.#cpus = cpus;
  }

  add(sandbox: LiveSandbox): void {
    this.#sandboxes.set(sandbox, {
      samples: new Samples(sandbox.startedAt.getTime()),
      sampling: undefined,
    });
    this.#timer ??= setInterval(() => this.#sampleAll(), EVERY_MS).unref();
  }

  remove(sandbox: LiveSandbox): void {
    this.#sandboxes.delete(sandbox);
    if (this.#sandboxes.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** At least one, from the oldest to the newest; of one that is no more, none. */
  async samplesOf(sandbox: LiveSandbox): Promise<readonly Sample[]> {
    const sampled = this.#sandboxes.get(sandbox);
    if (!sampled) return [];
    if (sampled.samples.all.length === 0) await this.#sample(sandbox, sampled);
    return sampled.samples.all;
  }

  #sampleAll(): void {
    for (const [sandbox, sampled] of this.#sandboxes)
      if (sandbox.state === 'running') void this.#sample(sandbox, sampled);
  }

  // A box can make the reading slow: then it waits for itself only.
  async #sample(sandbox: LiveSandbox, sampled: Sampled): Promise<void> {
    sampled.sampling ??= this.#look(sandbox, sampled.samples).finally(() => (sampled.sampling = undefined));
    await sampled.sampling;
  }

  async #look({ box, startedAt }: LiveSandbox, samples: Samples): Promise<void> {
    const used = await box.usage().catch(() => null);
    if (used === null) return; // it just ended
    samples.add(used, { cpus: this.#cpus, sinceMs: startedAt.getTime(), atMs: Date.now() });
  }
}
