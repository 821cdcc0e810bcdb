import { EvalpoolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Network } from '../../stage.ts';
import type { Box, BoxCommand, BoxLimits, BoxOrder, SavePlace, Wall, WallReport } from '../box.ts';
import { Refusal } from '../refusal.ts';
import { BoxFreezer } from './box-freezer.ts';
import { networkSetter } from './box-network.ts';
import { usageOf } from './box-usage.ts';
import { BoxIds } from './box-ids.ts';
import { BoxRoot } from './box-root.ts';
import { copyIntoBox, wayToStart } from './box-start.ts';
import type { CopiedBox, LayerMounts, WayToStart } from './box-start.ts';
import { BriefLayers } from './brief-layers.ts';
import type { BoxGroups, Cgroups } from './cgroups.ts';
import { freezeByGroup, freezeBySignal } from './freezer.ts';
import { diskOptions } from './disk-program.ts';
import { watchFolder } from './folder-watch.ts';
import { hostFiles } from './host-files.ts';
import type { Launcher } from './launcher.ts';
import { diskUsage } from './processes-usage.ts';
import type { Owner } from './reach.ts';
import { saveBox } from './save-box.ts';
import { rlimitsOf } from './rlimits.ts';
import { reportLayers } from './wall-report.ts';

/** A box to be made or made, for what its kind does about it. */
export interface Launched {
  id: string;
  owner: Owner;
  limits: BoxLimits;
  /** How its files start. */
  way: WayToStart | '';
}

/** What sets the boxes of one wall apart; the rest is the same for all that a launcher makes. */
export interface BoxKind {
  /** Why its boxes have no terminals, layers or watches; undefined: they do. */
  lacks: { terminals?: string; layers?: string; watches?: string };
  /** Where the launcher mounts each box's disk, and how many files lie there that are not the box's. */
  disk: { folder: string; otherFiles: number };
  /** Where the launcher mounts layers in memory; null: it may not. */
  memory: string | null;
  /** What the launcher starts a box with. */
  argv(box: Launched): readonly string[];
  /** Limits of the control groups that it joins. */
  groupLimits(limits: BoxLimits): BoxLimits;
  /** Its file tree as the host sees it. */
  rootOf(box: Launched & { pid: number }): string;
  /** Watches its memory where no control group ends a command that takes too much. Returns how to stop. */
  watchMemory(box: MadeBox & { root: BoxRoot; launcher: Launcher }): () => void;
}

/** What a wall is built from, prepared once. */
export interface WallParts {
  launch: () => Launcher;
  kind: BoxKind;
  /** Removes the files that boxes were shown. */
  removeShown: () => void;
  cgroups: Cgroups;
  report: () => WallReport;
  log: Log;
}

/** A box whose files the host sees. */
export interface HostBox extends Box {
  /** Its file tree; walk it with openInside only. */
  readonly root: BoxRoot;
  /** Host pid of its first process. */
  readonly pid: number;
  /** Host ids that own what the user of the box owns. */
  readonly uid: number;
  readonly gid: number;
}

/** A wall of such boxes. */
export interface HostWall extends Wall {
  open(order: BoxOrder): Promise<HostBox>;
}

/** Boxes that a launcher makes and enters. A launcher that died is replaced; its boxes died with it. */
export class LaunchedWall implements HostWall {
  readonly #parts: WallParts;
  readonly #ids = new BoxIds();
  readonly #boxes = new Map<string, HostBox>();
  #launcher: Launcher;
  #layerMounts: LayerMounts = { work: true };
  #brief: BriefLayers;

  constructor(parts: WallParts) {
    this.#parts = parts;
    this.#brief = new BriefLayers(parts.kind.memory);
    this.#launcher = parts.launch();
  }

  report(): WallReport {
    const { facts, ...rest } = this.#parts.report();
    if (this.#parts.kind.lacks.layers !== undefined) return { facts, ...rest };
    return { ...rest, facts: [...facts, reportLayers(this.#layerMounts)] };
  }

  /** From now on layers are copied. */
  doWithoutMounts(why: string): void {
    this.#layerMounts = { work: false, why };
    this.#brief = new BriefLayers(null);
  }

  async open({ id, limits, network, denied = [], layers }: BoxOrder): Promise<HostBox> {
    const { kind, cgroups } = this.#parts;
    this.#checkNetwork(network);
    if (layers) refuseFor(kind.lacks.layers);
    const way = wayToStart(layers, this.#layerMounts);
    if (!this.#launcher.alive) this.#launcher = this.#parts.launch();
    const launcher = this.#launcher;
    const owner = this.#ids.take();
    const groups = cgroups.make(id, kind.groupLimits(limits));
    const { folder, otherFiles } = kind.disk;
    const disk = { folder, options: diskOptions(limits.diskMb, otherFiles) };
    const argv = kind.argv({ id, owner, limits, way });
    const files = { disk, way, layers: layers?.folders ?? [], argv };
    const order = { id, ...owner, cgroups: groups.joins, rlimits: rlimitsOf(limits), ...files };
    const copied = { launcher, id, way, layers };
    const letGo = this.#brief.hold(launcher, files.layers);
    try {
      const made = await launcher.make(order);
      const box = this.#box(copied, { id, owner, groups, limits, way, letGo, ...made });
      await copyIntoBox(copied);
      if (network === 'nat') await box.setNetwork(network, denied);
      return box;
    } catch (error) {
      await this.#boxes.get(id)?.destroy();
      if (!this.#boxes.has(id)) await this.#release({ owner, groups, letGo });
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#boxes.values()].map((box) => box.destroy()));
    await this.#launcher.close();
    await this.#parts.cgroups.close();
    this.#parts.removeShown();
  }

  #box(copied: CopiedBox, made: MadeBox): HostBox {
    const { launcher } = copied;
    const { id, owner, groups, pid } = made;
    const { kind } = this.#parts;
    const freezer = freezerOf(made, launcher);
    const inTurn = <T>(why: string | undefined, work: () => Promise<T>): Promise<T> =>
      unlessRefused(why, () => freezer.start(work));
    const root = new BoxRoot(kind.rootOf(made), owner);
    const ended = this.#afterwards(made, root, kind.watchMemory({ ...made, root, launcher }));
    const setNetwork = networkSetter(launcher, id);
    void ended.then(() => freezer.end());
    const usedBytes = async (): Promise<number> => (await diskUsage(root)).usedBytes;
    const saved = { ...copied, brief: this.#brief, usedBytes };
    const box = {
      root,
      pid,
      ...owner,
      files: hostFiles(root),
      ended,
      start: (command: BoxCommand) =>
        inTurn(command.terminal && kind.lacks.terminals, () => launcher.start(id, command)),
      watch: (path: string, recursive: boolean) =>
        inTurn(kind.lacks.watches, () => watchFolder(launcher, id, path, recursive)),
      setNetwork: async (network: Network, denied: readonly string[] = []) => {
        this.#checkNetwork(network);
        await setNetwork(network, denied);
      },
      freeze: () => freezer.freeze(),
      thaw: () => freezer.thaw(),
      save: (place: SavePlace) => unlessRefused(kind.lacks.layers, () => saveBox(saved, place)),
      clear: () => launcher.sweep(id, 'SIGKILL'),
      usage: () => usageOf(root, groups),
      destroy: async () => {
        launcher.end(id);
        await ended;
      },
    };
    this.#boxes.set(id, box);
    return box;
  }

  async #afterwards(made: MadeBox, root: BoxRoot, unwatch: () => void): Promise<void> {
    await made.ended;
    unwatch();
    root.close();
    await this.#release(made);
    this.#boxes.delete(made.id);
  }

  async #release({ owner, groups, letGo }: Pick<MadeBox, 'owner' | 'groups' | 'letGo'>): Promise<void> {
    letGo();
    await groups.remove();
    this.#ids.giveBack(owner);
  }

  #checkNetwork(network: Network): void {
    if (this.#parts.report().networks.includes(network)) return;
    throw new EvalpoolError(
      'NETWORK_UNAVAILABLE',
      `network '${network}' is not offered by this sandbox server`,
    );
  }
}

function freezerOf({ id, groups }: MadeBox, launcher: Launcher): BoxFreezer {
  const group = groups.with('freezer');
  return new BoxFreezer(group ? freezeByGroup(group) : freezeBySignal(launcher, id));
}

/** Does it, unless the kind of box has a reason why it cannot. */
async function unlessRefused<T>(why: string | undefined, work: () => Promise<T>): Promise<T> {
  refuseFor(why);
  return work();
}

function refuseFor(why: string | undefined): void {
  if (why !== undefined) throw new Refusal(501, why);
}

/** A box that was made. */
export interface MadeBox extends Launched {
  groups: BoxGroups;
  /** It needs its layers no more. */
  letGo: () => void;
  pid: number;
  ended: Promise<void>;
}
