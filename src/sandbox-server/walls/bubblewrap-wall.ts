import { EvalpoolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Network } from '../../stage.ts';
import type { Box, BoxCommand, BoxLimits, BoxOrder, Wall, WallReport } from '../box.ts';
import { BoxFreezer } from './box-freezer.ts';
import { networkSetter } from './box-network.ts';
import { usageOf } from './box-usage.ts';
import { BoxIds } from './box-ids.ts';
import { BoxRoot } from './box-root.ts';
import { copyIntoBox, saveBox, wayToStart } from './box-start.ts';
import type { CopiedBox, LayerMounts, WayToStart } from './box-start.ts';
import { TEMPLATE_ROOT } from './bubblewrap.ts';
import type { BoxGroups, Cgroups } from './cgroups.ts';
import { freezeByGroup, freezeBySignal } from './freezer.ts';
import { watchFolder } from './folder-watch.ts';
import { hostFiles } from './host-files.ts';
import type { Launcher } from './launcher.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { Owner } from './reach.ts';
import { rlimitsOf } from './rlimits.ts';
import { reportLayers } from './wall-report.ts';

/** What a wall is built from, prepared once. */
export interface WallParts {
  launch: () => Launcher;
  /** Bubblewrap and its arguments, by how the files of the box start. */
  argv: Readonly<Record<WayToStart | '', readonly string[]>>;
  /** Where the launcher mounts each box's disk. */
  disk: string;
  /** Removes the files that boxes were shown. */
  removeShown: () => void;
  cgroups: Cgroups;
  report: WallReport;
  log: Log;
}

/** One file for each page of the disk: the kernel's own limit counts in millions. */
const FILES_PER_MB = 256;

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

/** Boxes of bubblewrap, entered by the launcher. A launcher that died is replaced; its boxes died with it. */
export class BubblewrapWall implements Wall {
  readonly #parts: WallParts;
  readonly #ids = new BoxIds();
  readonly #watch = new MemoryWatch();
  readonly #boxes = new Map<string, HostBox>();
  #launcher: Launcher;
  #layerMounts: LayerMounts = { work: true };

  constructor(parts: WallParts) {
    this.#parts = parts;
    this.#launcher = parts.launch();
  }

  report(): WallReport {
    const { facts, ...rest } = this.#parts.report;
    return { ...rest, facts: [...facts, reportLayers(this.#layerMounts)] };
  }

  /** From now on layers are copied. */
  doWithoutMounts(why: string): void {
    this.#layerMounts = { work: false, why };
  }

  async open({ id, limits, network, denied = [], layers }: BoxOrder): Promise<HostBox> {
    this.#checkNetwork(network);
    const way = wayToStart(layers, this.#layerMounts);
    if (!this.#launcher.alive) this.#launcher = this.#parts.launch();
    const launcher = this.#launcher;
    const owner = this.#ids.take();
    const groups = this.#parts.cgroups.make(id, limits);
    const disk = { folder: this.#parts.disk, options: diskOptions(limits.diskMb) };
    const files = { disk, way, layers: layers?.folders ?? [], argv: this.#parts.argv[way] };
    const order = { id, ...owner, cgroups: groups.joins, rlimits: rlimitsOf(limits), ...files };
    const copied = { launcher, id, way, layers };
    try {
      const made = await launcher.make(order);
      const box = this.#box(copied, { owner, groups, limits, ...made });
      await copyIntoBox(copied);
      if (network === 'nat') await box.setNetwork(network, denied);
      return box;
    } catch (error) {
      await this.#boxes.get(id)?.destroy();
      if (!this.#boxes.has(id)) await this.#release(owner, groups);
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
    const { launcher, id, way } = copied;
    const { owner, groups, pid } = made;
    const freezing = groups.with('freezer');
    const freezer = new BoxFreezer(freezing ? freezeByGroup(freezing) : freezeBySignal(launcher, id));
    const start = async (command: BoxCommand) => freezer.start(() => launcher.start(id, command));
    const inside = way === 'root' || way === 'bound' ? TEMPLATE_ROOT : '';
    const root = new BoxRoot(`/proc/${pid}/root${inside}`, owner);
    const ended = this.#afterwards(id, made, root);
    const setNetwork = networkSetter(launcher, id);
    const destroy = async (): Promise<void> => {
      launcher.end(id);
      await ended;
    };
    void ended.then(() => freezer.end());
    const box = {
      root,
      pid,
      ...owner,
      files: hostFiles(root),
      ended,
      start,
      watch: (path: string, recursive: boolean) =>
        freezer.start(() => watchFolder(launcher, id, path, recursive)),
      setNetwork: async (network: Network, denied: readonly string[] = []) => {
        this.#checkNetwork(network);
        await setNetwork(network, denied);
      },
      freeze: () => freezer.freeze(),
      thaw: () => freezer.thaw(),
      save: (folder: string) => saveBox(copied, folder),
      clear: () => launcher.sweep(id, 'SIGKILL'),
      usage: () => usageOf(root, groups),
      destroy,
    };
    this.#boxes.set(id, box);
    return box;
  }

  async #afterwards(
    id: string,
    { ended, owner, groups, limits, pid }: MadeBox,
    root: BoxRoot,
  ): Promise<void> {
    const isCounted = this.#parts.cgroups.by('memory') !== null;
    const unwatch = isCounted ? () => {} : this.#watch.watch(root, pid, limits.memoryMb);
    await ended;
    unwatch();
    root.close();
    await this.#release(owner, groups);
    this.#boxes.delete(id);
  }

  async #release(owner: Owner, groups: BoxGroups): Promise<void> {
    await groups.remove();
    this.#ids.giveBack(owner);
  }

  #checkNetwork(network: Network): void {
    if (this.#parts.report.networks.includes(network)) return;
    throw new EvalpoolError(
      'NETWORK_UNAVAILABLE',
      `network '${network}' is not offered by this sandbox server`,
    );
  }
}

function diskOptions(megabytes: number): string {
  return `size=${megabytes}m,nr_inodes=${megabytes * FILES_PER_MB + 16},mode=755`;
}

interface MadeBox {
  owner: Owner;
  groups: BoxGroups;
  limits: BoxLimits;
  pid: number;
  ended: Promise<void>;
}
