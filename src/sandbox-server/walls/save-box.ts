import { dirname } from 'node:path';
import type { LayerStack, SavedFiles, SavePlace } from '../box.ts';
import { UPPER, wholePairs, type CopiedBox, type Pair, type WayToStart } from './box-start.ts';
import type { BriefLayers } from './brief-layers.ts';

/** A box that is saved. */
export interface SavedBox extends CopiedBox {
  brief: BriefLayers;
  /** What it wrote, about. */
  usedBytes: () => Promise<number>;
}

/** What is copied: the upper sides of overlays, all of home and /tmp, or a layer as it is. */
interface Source {
  what: 'upper' | 'whole' | 'layer';
  pairs: readonly Pair[];
}

/** Makes a layer of what a box wrote: in memory if that is enough and there is room, on the disk otherwise. */
export async function saveBox(box: SavedBox, place: SavePlace): Promise<SavedFiles> {
  const saving = new Saving(box, place);
  try {
    return await saving.run();
  } catch (error) {
    await saving.unlock();
    throw error;
  }
}

class Saving {
  readonly #box: SavedBox;
  readonly #place: SavePlace;
  /** Locked in the launcher. */
  readonly #made: string[] = [];

  constructor(box: SavedBox, place: SavePlace) {
    this.#box = box;
    this.#place = place;
  }

  async run(): Promise<SavedFiles> {
    const { brief, launcher, way } = this.#box;
    const below = await this.#keepBelow();
    const folder = await this.#saveTop();
    const letGo = brief.hold(launcher, [...below, folder]);
    const release = async (): Promise<void> => {
      letGo();
      await this.unlock();
    };
    return { layers: stackOf(way, below, folder), release };
  }

  /** From now on only boxes hold what was made. */
  async unlock(): Promise<void> {
    const { launcher, id } = this.#box;
    const unlocked = this.#made.map((folder) => launcher.request('release', id, folder));
    await Promise.allSettled(unlocked); // a launcher that is gone holds nothing
  }

  // What is to last needs what it lies over to last, too.
  async #keepBelow(): Promise<string[]> {
    const { brief, layers } = this.#box;
    const below: string[] = [];
    for (const folder of layers?.folders ?? []) {
      const isLost = !this.#place.isBrief && brief.among([folder]).length > 0;
      below.push(isLost ? await this.#copyLayer(folder) : folder);
    }
    return below;
  }

  async #copyLayer(folder: string): Promise<string> {
    const parts = UPPER[this.#box.layers?.holds ?? 'home'];
    const copy = this.#place.newFolder();
    await this.#make(copy, { what: 'layer', pairs: parts.map(([, part]) => [`${folder}/${part}`, part]) });
    return copy;
  }

  async #saveTop(): Promise<string> {
    const { way } = this.#box;
    const source: Source =
      way === 'home' || way === 'root'
        ? { what: 'upper', pairs: UPPER[way] }
        : { what: 'whole', pairs: wholePairs(way) };
    const brief = this.#place.isBrief ? await this.#saveInMemory(source) : null;
    if (brief !== null) return brief;
    const folder = this.#place.newFolder();
    await this.#make(folder, source);
    return folder;
  }

  // Whatever keeps it from memory, it may still find room on the disk.
  async #saveInMemory(source: Source): Promise<string | null> {
    const { brief, launcher, usedBytes } = this.#box;
    const folder = brief.newFolder(await usedBytes());
    if (folder === null) return null;
    try {
      await this.#make(folder, source, dirname(folder));
      return folder;
    } catch {
      launcher.drop(folder);
      return null;
    }
  }

  async #make(folder: string, { what, pairs }: Source, memory = ''): Promise<void> {
    const { launcher, id } = this.#box;
    this.#made.push(folder);
    await launcher.request('save', id, folder, memory, what, ...pairs.flat());
  }
}

function stackOf(way: WayToStart | '', below: readonly string[], folder: string): LayerStack {
  if (way === '') return { holds: 'home', folders: [folder], isTopWhole: true };
  if (way === 'bound') return { holds: 'root', folders: [...below.slice(0, 1), folder], isTopWhole: true };
  return { holds: way, folders: [...below, folder], isTopWhole: false };
}
