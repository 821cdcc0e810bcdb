import { Refusal } from './refusal.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Places } from './limits/places.ts';
import type { LiveSandbox } from './sandboxes.ts';

/** A sandbox that a request wakes lives at least so long from then on, ms, as E2B's. */
const WOKEN_MS = 300_000;

/** What pausing needs of the server's sandboxes. */
export interface PausesOptions {
  /** Paused sandboxes at once: each keeps its memory and disk. */
  maxPaused: number;
  places: Places;
  ledger: Ledger;
  all: () => Iterable<LiveSandbox>;
  isLive: (sandbox: LiveSandbox) => boolean;
  setLife: (sandbox: LiveSandbox, lifeMs: number, nowMs?: number) => void;
}

/** How a paused sandbox goes on. */
export interface Resumption {
  lifeMs: number;
  /** false: its processes are killed first, as by a reboot. */
  keepMemory: boolean;
}

/**
 * Sandboxes between running and paused.
 * 1. A paused one has no place, no end of life and no open streams; its box is frozen, its processes kept or killed.
 * 2. It goes on when it is resumed, or when a request wakes it that may; each takes a place anew.
 * 3. Changes of one sandbox happen one after another; one that dies meanwhile is not found.
 */
export class Pauses {
  readonly #options: PausesOptions;
  readonly #turns = new WeakMap<LiveSandbox, Promise<unknown>>();

  constructor(options: PausesOptions) {
    this.#options = options;
  }

  /** Throws 409 when it is paused, 429 when too many are, 500 when it cannot be stopped; then it runs on. */
  async pause(sandbox: LiveSandbox, keepMemory: boolean): Promise<void> {
    await this.#inTurn(sandbox, () => this.#pause(sandbox, keepMemory));
  }

  /** False: it runs already. Throws 429 in E2B's words when the tier has no room. */
  async resume(sandbox: LiveSandbox, how: Resumption): Promise<boolean> {
    return this.#inTurn(sandbox, async () => {
      if (sandbox.state === 'running') return false;
      await this.#resume(sandbox, how);
      return true;
    });
  }

  /** Does something while a sandbox that runs stands still, its open streams cut; then it goes on. Throws 409 when it is paused. */
  async whileStill<T>(sandbox: LiveSandbox, work: () => Promise<T>): Promise<T> {
    return this.#inTurn(sandbox, async () => {
      if (sandbox.state === 'paused')
        throw new Refusal(409, `Sandbox '${sandbox.id}' is paused; resume it first`);
      try {
        return await standStill(sandbox, work);
      } catch (error) {
        this.#checkLive(sandbox);
        throw error;
      }
    });
  }

  /** Lets a paused sandbox go on for a request that came for it; false: such a request does not wake it. Throws 429 likewise. */
  async wake(sandbox: LiveSandbox): Promise<boolean> {
    if (!sandbox.lifecycle.autoResume || !sandbox.hasMemory) return false;
    const lifeMs = Math.max(WOKEN_MS, sandbox.lifeMs);
    try {
      await this.resume(sandbox, { lifeMs, keepMemory: true });
      return true;
    } catch (error) {
      if (this.#options.isLive(sandbox)) throw error;
      return false;
    }
  }

  async #pause(sandbox: LiveSandbox, keepMemory: boolean): Promise<void> {
    const { id, box, streams, processes } = sandbox;
    if (sandbox.state === 'paused')
      throw new Refusal(409, `Error pausing sandbox - sandbox '${id}' is already paused`);
    this.#checkRoom();
    const leftMs = sandbox.endsAt.getTime() - Date.now();
    clearTimeout(sandbox.expiry);
    sandbox.state = 'paused';
    for (const stream of streams) stream.abort();
    try {
      if (!keepMemory) await clear(sandbox);
      await box.freeze();
    } catch (error) {
      this.#checkLive(sandbox);
      sandbox.state = 'running';
      this.#options.setLife(sandbox, leftMs);
      throw error;
    }
    this.#checkLive(sandbox);
    sandbox.endsAt = new Date();
    sandbox.hasMemory = keepMemory;
    for (const process of processes.values()) process.hold();
    sandbox.place.giveBack();
    this.#options.ledger.paused(id);
    sandbox.log.add('sandbox paused', { memory: String(keepMemory) });
  }

  async #resume(sandbox: LiveSandbox, { lifeMs, keepMemory }: Resumption): Promise<void> {
    const { box, processes } = sandbox;
    const place = this.#options.places.take();
    try {
      await box.thaw();
      if (!keepMemory) await reboot(sandbox);
      this.#checkLive(sandbox);
    } catch (error) {
      place.giveBack();
      throw error;
    }
    sandbox.place = place;
    this.#options.ledger.resumed(sandbox.id);
    sandbox.log.add('sandbox resumed', { memory: String(keepMemory) });
    sandbox.state = 'running';
    sandbox.hasMemory = true;
    sandbox.startedAt = new Date();
    sandbox.latestEndMs = Infinity;
    for (const process of processes.values()) process.goOn();
    this.#options.setLife(sandbox, lifeMs, sandbox.startedAt.getTime());
  }

  #checkRoom(): void {
    const { all, maxPaused } = this.#options;
    const paused = [...all()].filter(({ state }) => state === 'paused').length;
    if (paused < maxPaused) return;
    throw new Refusal(
      429,
      `this server keeps at most ${maxPaused} paused sandboxes, since they hold memory (--max-paused); kill or resume some`,
    );
  }

  #checkLive(sandbox: LiveSandbox): void {
    if (!this.#options.isLive(sandbox)) throw notFound(sandbox.id);
  }

  async #inTurn<T>(sandbox: LiveSandbox, change: () => Promise<T>): Promise<T> {
    const turn = Promise.resolve(this.#turns.get(sandbox)).then(() => {
      this.#checkLive(sandbox);
      return change();
    });
    this.#turns.set(
      sandbox,
      turn.catch(() => {}),
    );
    return turn;
  }
}

async function standStill<T>({ box, streams }: LiveSandbox, work: () => Promise<T>): Promise<T> {
  for (const stream of streams) stream.abort();
  await box.freeze();
  try {
    return await work();
  } finally {
    await box.thaw();
  }
}

async function clear({ box, processes }: LiveSandbox): Promise<void> {
  for (const process of processes.values()) process.signal('SIGKILL');
  await box.clear();
}

// Only a box that goes on can lose its processes.
async function reboot(sandbox: LiveSandbox): Promise<void> {
  try {
    await clear(sandbox);
  } catch (error) {
    await sandbox.box.freeze();
    throw error;
  }
}

/** No such sandbox, in E2B's words. */
export function notFound(id: string): Refusal {
  return new Refusal(404, `Sandbox "${id}" doesn't exist or you don't have access to it`);
}
