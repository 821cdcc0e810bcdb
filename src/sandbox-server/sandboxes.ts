import type { Log } from '../log.ts';
import type { Network } from '../stage.ts';
import type { Box, BoxLimits, Wall } from './box.ts';
import type { EventStream } from './envd/event-stream.ts';
import { Refusal } from './refusal.ts';
import type { RunningProcess } from './envd/running-process.ts';
import { newSandboxId, newSecret } from './secrets.ts';

/** A sandbox that is asked for. */
export interface SandboxOrder {
  template: string;
  metadata: Readonly<Record<string, string>>;
  envVars: Readonly<Record<string, string>>;
  lifeMs: number;
  network: Network;
}

/** A sandbox that lives. */
export interface LiveSandbox extends Omit<SandboxOrder, 'lifeMs'> {
  readonly id: string;
  /** Opens its data plane. */
  readonly token: string;
  readonly box: Box;
  readonly startedAt: Date;
  endsAt: Date;
  readonly processes: Map<number, RunningProcess>;
  /** Cut when the sandbox dies. */
  readonly streams: Set<EventStream>;
  expiry: NodeJS.Timeout | undefined;
}

/** What all sandboxes of one server share. */
export interface SandboxesOptions {
  wall: Wall;
  limits: BoxLimits;
  /** At once, those being opened and destroyed included; undefined: no limit. */
  maxSandboxes: number | undefined;
  log: Log;
}

/**
 * The sandboxes of this server, from order to grave.
 * 1. Never more than maxSandboxes: a place is taken before the box opens and given back when it is gone.
 * 2. Each dies at its endsAt, when killed, or when its box ends by itself; its open streams are cut at once.
 * 3. One that is dying is no longer found, but still counted.
 */
export class Sandboxes {
  readonly options: SandboxesOptions;
  readonly #live = new Map<string, LiveSandbox>();
  readonly #dying = new Map<string, LiveSandbox>();
  #opening = 0;

  constructor(options: SandboxesOptions) {
    this.options = options;
  }

  get counts(): { running: number; opening: number; dying: number } {
    return { running: this.#live.size, opening: this.#opening, dying: this.#dying.size };
  }

  /** Throws 404 in E2B's words when it does not live. */
  get(id: string): LiveSandbox {
    const sandbox = this.#live.get(id);
    if (!sandbox) throw new Refusal(404, `Sandbox "${id}" doesn't exist or you don't have access to it`);
    return sandbox;
  }

  find(id: string): LiveSandbox | undefined {
    return this.#live.get(id);
  }

  all(): IterableIterator<LiveSandbox> {
    return this.#live.values();
  }

  /** Throws 429 in E2B's words when the server is full. */
  async create(order: SandboxOrder): Promise<LiveSandbox> {
    const { maxSandboxes, wall, limits } = this.options;
    if (maxSandboxes !== undefined && this.#live.size + this.#dying.size + this.#opening >= maxSandboxes)
      throw new Refusal(
        429,
        `you have reached the maximum number of concurrent E2B sandboxes (${maxSandboxes}). It is this server's --max-sandboxes`,
      );
    this.#opening += 1;
    try {
      const id = newSandboxId();
      return this.#adopt(id, order, await wall.open({ id, limits, network: order.network }));
    } finally {
      this.#opening -= 1;
    }
  }

  /** From now on, this long. */
  setLife(sandbox: LiveSandbox, lifeMs: number, nowMs = Date.now()): void {
    clearTimeout(sandbox.expiry);
    sandbox.endsAt = new Date(nowMs + lifeMs);
    sandbox.expiry = setTimeout(() => this.#bury(sandbox, 'expired'), lifeMs);
  }

  /** Resolves when nothing of it is left. Throws 404 when it did not live; for one already dying, only once it is gone. */
  async kill(id: string): Promise<void> {
    const dying = this.#dying.get(id);
    if (dying) await this.#destroy(dying, 'killed again');
    await this.#destroy(this.get(id), 'killed');
  }

  /** Ends them all. */
  async killAll(): Promise<void> {
    await Promise.allSettled(
      [...this.#live.values()].map((sandbox) => this.#destroy(sandbox, 'server closes')),
    );
  }

  #adopt(id: string, order: SandboxOrder, box: Box): LiveSandbox {
    const { lifeMs, ...kept } = order;
    const startedAt = new Date();
    const sandbox: LiveSandbox = {
      ...kept,
      id,
      token: newSecret(),
      box,
      startedAt,
      endsAt: startedAt,
      processes: new Map(),
      streams: new Set(),
      expiry: undefined,
    };
    this.#live.set(id, sandbox);
    this.setLife(sandbox, lifeMs, startedAt.getTime());
    void box.ended.then(() => this.#bury(sandbox, 'ended by itself'));
    return sandbox;
  }

  #bury(sandbox: LiveSandbox, why: string): void {
    if (!this.#live.has(sandbox.id)) return;
    this.#destroy(sandbox, why).catch((error: unknown) =>
      this.options.log.error({ err: error, sandbox: sandbox.id }, 'cannot destroy a sandbox'),
    );
  }

  async #destroy(sandbox: LiveSandbox, why: string): Promise<void> {
    clearTimeout(sandbox.expiry);
    this.#live.delete(sandbox.id);
    this.#dying.set(sandbox.id, sandbox);
    this.options.log.debug({ sandbox: sandbox.id, why }, 'sandbox dies');
    for (const stream of sandbox.streams) stream.abort();
    await sandbox.box.destroy();
    this.#dying.delete(sandbox.id);
  }
}
