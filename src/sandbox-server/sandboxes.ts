import type { Log } from '../log.ts';
import type { Box, BoxLimits, Wall } from './box.ts';
import { FileMetadata } from './envd/file-metadata.ts';
import type { FaultPlan } from './faults/fault-rules.ts';
import { Faults } from './faults/faults.ts';
import { Ledger, type End } from './ledger/ledger.ts';
import { Admission } from './limits/admission.ts';
import { Places, type Place } from './limits/places.ts';
import type { Tier } from './limits/tier.ts';
import { notFound, Pauses } from './pauses.ts';
import { EventLog } from './records/event-log.ts';
import { Sampler } from './records/sampler.ts';
import type { RunningProcess } from './envd/running-process.ts';
import type { SandboxOrder } from './sandbox-order.ts';
import { newSandboxId, newSecret } from './secrets.ts';
import type { Templates } from './templates/templates.ts';
import { Watchers } from './envd/watchers.ts';

export type { Lifecycle, SandboxOrder } from './sandbox-order.ts';

/** A sandbox that lives. */
export interface LiveSandbox extends SandboxOrder {
  readonly id: string;
  /** Opens its data plane. */
  readonly token: string;
  readonly box: Box;
  state: 'running' | 'paused';
  /** False while it is paused without its processes. */
  hasMemory: boolean;
  /** Among those that the tier allows at once. */
  place: Place;
  /** When it last began to run. */
  startedAt: Date;
  endsAt: Date;
  readonly processes: Map<number, RunningProcess>;
  readonly fileMetadata: FileMetadata;
  readonly watchers: Watchers;
  /** Cut when the sandbox dies. */
  readonly streams: Set<{ abort(): void }>;
  readonly log: EventLog;
  expiry: NodeJS.Timeout | undefined;
  /** It ends by then, whatever was asked: unix time, ms. */
  latestEndMs: number;
  /** Ends it by order, without a word. */
  vanishing: NodeJS.Timeout | undefined;
}

/** What all sandboxes of one server share. */
export interface SandboxesOptions {
  wall: Wall;
  limits: BoxLimits;
  /** The account's limits that are played. */
  tier: Tier;
  /** Paused sandboxes at once. */
  maxPaused: number;
  /** Faults that are played. */
  faults: FaultPlan;
  templates: Templates;
  log: Log;
}

/**
 * The sandboxes of this server, from order to grave.
 * 1. Never more than the tier allows: a place is taken before the box opens and given back when it is gone or paused.
 * 2. Each dies, or is paused if it asked for that, at its endsAt, never later than the tier's longest session; it also dies
 *    when killed or when its box ends by itself. Its open streams are cut at once.
 * 3. One that is dying is no longer found, but still counted.
 * 4. The ledger is told of all that comes and goes.
 */
export class Sandboxes {
  readonly options: SandboxesOptions;
  readonly admission: Admission;
  readonly ledger = new Ledger();
  readonly pauses: Pauses;
  readonly sampler: Sampler;
  readonly #places: Places;
  readonly faults: Faults;
  readonly #live = new Map<string, LiveSandbox>();
  readonly #dying = new Map<string, LiveSandbox>();
  #opening = 0;

  constructor(options: SandboxesOptions) {
    this.options = options;
    this.admission = new Admission(options.tier);
    this.#places = new Places(this.admission);
    this.sampler = new Sampler(options.limits.cpus);
    this.pauses = new Pauses({
      maxPaused: options.maxPaused,
      places: this.#places,
      ledger: this.ledger,
      all: () => this.all(),
      isLive: ({ id }) => this.#live.has(id),
      setLife: (sandbox, lifeMs, nowMs) => this.setLife(sandbox, lifeMs, nowMs),
    });
    this.faults = new Faults(options.faults);
  }

  get counts(): { running: number; paused: number; opening: number; dying: number } {
    const paused = [...this.all()].filter(({ state }) => state === 'paused').length;
    return {
      running: this.#live.size - paused,
      paused,
      opening: this.#opening,
      dying: this.#dying.size,
    };
  }

  /** Throws 404 in E2B's words when it does not live. */
  get(id: string): LiveSandbox {
    const sandbox = this.#live.get(id);
    if (!sandbox) throw notFound(id);
    return sandbox;
  }

  /** Throws 404 likewise when it does not run. */
  getRunning(id: string): LiveSandbox {
    const sandbox = this.get(id);
    if (sandbox.state !== 'running') throw notFound(id);
    return sandbox;
  }

  find(id: string): LiveSandbox | undefined {
    return this.#live.get(id);
  }

  all(): IterableIterator<LiveSandbox> {
    return this.#live.values();
  }

  /** Throws 429 in E2B's words when the tier has no room. */
  async create({ filesMetadata = [], ...order }: SandboxOrder): Promise<LiveSandbox> {
    const { wall, limits } = this.options;
    const place = this.#places.take();
    this.#opening += 1;
    try {
      const id = newSandboxId();
      const box = await wall.open({ id, limits, layers: order.layers, ...order.egress });
      const sandbox = this.#adopt(id, order, { box, place });
      if (filesMetadata.length > 0) await sandbox.fileMetadata.inherit(filesMetadata);
      return sandbox;
    } catch (error) {
      place.giveBack();
      throw error;
    } finally {
      this.#opening -= 1;
    }
  }

  /** From now on, this long, or until its longest session is over. */
  setLife(sandbox: LiveSandbox, lifeMs: number, nowMs = Date.now()): void {
    const longestMs = this.admission.tier.longestSessionS * 1000;
    const latestMs = Math.min(sandbox.startedAt.getTime() + longestMs, sandbox.latestEndMs);
    const endsMs = Math.min(nowMs + lifeMs, latestMs);
    clearTimeout(sandbox.expiry);
    sandbox.endsAt = new Date(endsMs);
    sandbox.expiry = setTimeout(() => this.#expire(sandbox), endsMs - nowMs);
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

  /** Removes the layers that no template, snapshot or sandbox needs any more. */
  async removeUnusedLayers(): Promise<void> {
    const { templates, log } = this.options;
    const sandboxes = [...this.#live.values(), ...this.#dying.values()];
    const inUse = new Set(sandboxes.flatMap(({ layers }) => layers?.folders ?? []));
    await templates
      .removeUnusedLayers(inUse)
      .catch((error: unknown) => log.error({ err: error }, 'cannot remove layers'));
  }

  #adopt(id: string, order: SandboxOrder, { box, place }: { box: Box; place: Place }): LiveSandbox {
    const startedAt = new Date();
    const sandbox: LiveSandbox = {
      ...order,
      id,
      token: newSecret(),
      box,
      state: 'running',
      hasMemory: true,
      place,
      startedAt,
      endsAt: startedAt,
      processes: new Map(),
      fileMetadata: new FileMetadata(box.files),
      watchers: new Watchers(box),
      streams: new Set(),
      log: new EventLog(),
      expiry: undefined,
      latestEndMs: Infinity,
      vanishing: undefined,
    };
    this.#live.set(id, sandbox);
    this.ledger.live(id, sandbox);
    this.sampler.add(sandbox);
    sandbox.log.add('sandbox created', { template: sandbox.template });
    this.#doom(sandbox);
    this.setLife(sandbox, order.lifeMs, startedAt.getTime());
    void box.ended.then(() => this.#bury(sandbox, 'ended'));
    return sandbox;
  }

  #expire(sandbox: LiveSandbox): void {
    const { onTimeout, keepMemory } = sandbox.lifecycle;
    if (onTimeout === 'kill') return this.#bury(sandbox, 'expired');
    this.pauses.pause(sandbox, keepMemory).catch((error: unknown) => {
      this.options.log.warn({ err: error, sandbox: sandbox.id }, 'cannot pause a sandbox at its end');
      this.#bury(sandbox, 'expired');
    });
  }

  #doom(sandbox: LiveSandbox): void {
    const { vanishMs, expireMs } = this.faults.fateOf(sandbox);
    if (vanishMs !== null) sandbox.vanishing = setTimeout(() => this.#bury(sandbox, 'vanished'), vanishMs);
    if (expireMs !== null) sandbox.latestEndMs = sandbox.startedAt.getTime() + expireMs;
  }

  #bury(sandbox: LiveSandbox, why: End): void {
    if (!this.#live.has(sandbox.id)) return;
    this.#destroy(sandbox, why).catch((error: unknown) =>
      this.options.log.error({ err: error, sandbox: sandbox.id }, 'cannot destroy a sandbox'),
    );
  }

  async #destroy(sandbox: LiveSandbox, why: End): Promise<void> {
    for (const timer of [sandbox.expiry, sandbox.vanishing]) clearTimeout(timer);
    this.sampler.remove(sandbox);
    this.#live.delete(sandbox.id);
    this.#dying.set(sandbox.id, sandbox);
    this.options.log.debug({ sandbox: sandbox.id, why }, 'sandbox dies');
    for (const stream of sandbox.streams) stream.abort();
    await sandbox.box.destroy();
    for (const process of sandbox.processes.values()) process.leave();
    if (this.#dying.delete(sandbox.id)) this.ledger.gone(sandbox.id, why, sandbox.place.isTaken);
    sandbox.place.giveBack();
    if (sandbox.layers) void this.removeUnusedLayers();
  }
}
