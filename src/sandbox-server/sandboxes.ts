import type { Log } from '../log.ts';
import type { Network } from '../stage.ts';
import type { Box, BoxLimits, Wall } from './box.ts';
import type { EventStream } from './envd/event-stream.ts';
import { FileMetadata } from './envd/file-metadata.ts';
import { Ledger, type End } from './ledger/ledger.ts';
import { Admission } from './limits/admission.ts';
import type { Tier } from './limits/tier.ts';
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
  readonly fileMetadata: FileMetadata;
  /** Cut when the sandbox dies. */
  readonly streams: Set<EventStream>;
  expiry: NodeJS.Timeout | undefined;
}

/** What all sandboxes of one server share. */
export interface SandboxesOptions {
  wall: Wall;
  limits: BoxLimits;
  /** The account's limits that are played. */
  tier: Tier;
  log: Log;
}

/**
 * The sandboxes of this server, from order to grave.
 * 1. Never more than the tier allows: a place is taken before the box opens and given back when it is gone.
 * 2. Each dies at its endsAt, never later than the tier's longest session, when killed, or when its box ends by itself; its open streams are cut at once.
 * 3. One that is dying is no longer found, but still counted.
 * 4. The ledger is told of all that comes and goes.
 */
export class Sandboxes {
  readonly options: SandboxesOptions;
  readonly admission: Admission;
  readonly ledger = new Ledger();
  readonly #live = new Map<string, LiveSandbox>();
  readonly #dying = new Map<string, LiveSandbox>();
  #opening = 0;

  constructor(options: SandboxesOptions) {
    this.options = options;
    this.admission = new Admission(options.tier);
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

  /** Throws 429 in E2B's words when the tier has no room, or not so soon. */
  async create(order: SandboxOrder): Promise<LiveSandbox> {
    const { wall, limits } = this.options;
    this.admission.admit(this.#live.size + this.#dying.size + this.#opening);
    this.ledger.accept();
    this.#opening += 1;
    try {
      const id = newSandboxId();
      return this.#adopt(id, order, await wall.open({ id, limits, network: order.network }));
    } finally {
      this.#opening -= 1;
    }
  }

  /** From now on, this long, or until its longest session is over. */
  setLife(sandbox: LiveSandbox, lifeMs: number, nowMs = Date.now()): void {
    const longestMs = this.admission.tier.longestSessionS * 1000;
    const endsMs = Math.min(nowMs + lifeMs, sandbox.startedAt.getTime() + longestMs);
    clearTimeout(sandbox.expiry);
    sandbox.endsAt = new Date(endsMs);
    sandbox.expiry = setTimeout(() => this.#bury(sandbox, 'expired'), endsMs - nowMs);
  }

  /** Resolves when nothing of it is left. Throws 404 when it did not live; for one already dying, only once it is gone. */
  async kill(id: string): Promise<void> {
    const dying = this.#dying.get(id);
    if (dying) await this.#destroy(dying, 'killed');
    await this.#destroy(this.get(id), 'killed');
  }

  /** Ends them all. */
  async killAll(): Promise<void> {
    await Promise.allSettled([...this.#live.values()].map((sandbox) => this.#destroy(sandbox, 'closed')));
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
      fileMetadata: new FileMetadata(box.files),
      streams: new Set(),
      expiry: undefined,
    };
    this.#live.set(id, sandbox);
    this.ledger.live(id, sandbox);
    this.setLife(sandbox, lifeMs, startedAt.getTime());
    void box.ended.then(() => this.#bury(sandbox, 'ended'));
    return sandbox;
  }

  #bury(sandbox: LiveSandbox, why: End): void {
    if (!this.#live.has(sandbox.id)) return;
    this.#destroy(sandbox, why).catch((error: unknown) =>
      this.options.log.error({ err: error, sandbox: sandbox.id }, 'cannot destroy a sandbox'),
    );
  }

  async #destroy(sandbox: LiveSandbox, why: End): Promise<void> {
    clearTimeout(sandbox.expiry);
    this.#live.delete(sandbox.id);
    this.#dying.set(sandbox.id, sandbox);
    this.options.log.debug({ sandbox: sandbox.id, why }, 'sandbox dies');
    for (const stream of sandbox.streams) stream.abort();
    await sandbox.box.destroy();
    if (this.#dying.delete(sandbox.id)) this.ledger.gone(sandbox.id, why);
  }
}
