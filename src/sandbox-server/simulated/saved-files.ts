import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { LayerStack } from '../box.ts';
import { FileTree, type FolderNode } from './file-tree.ts';

/** What a layer of simulated boxes holds: all their files in one. */
const NAME = 'simulated-files';
/** Layers that are kept read: whoever starts one box from a layer starts more. */
const MOST_READ = 16;

/** Keeps a tree in a new folder, and says what a box starts from that looks like it. */
export async function saveTree(folder: string, tree: FileTree): Promise<LayerStack> {
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, NAME), serialize(tree.root));
  return { holds: 'home', folders: [folder], isTopWhole: true };
}

/** Trees that were saved, each read once for all boxes that start from it. */
export class SavedTrees {
  readonly #read = new Map<string, Promise<FolderNode | null>>();

  /** A tree of its own that begins as the layers say; undefined: they are not of simulated boxes, whose files start empty. */
  async copyOf(layers: LayerStack | undefined, maxBytes: number): Promise<FileTree | undefined> {
    const folder = layers?.folders.at(-1);
    if (folder === undefined) return undefined;
    const reading = this.#read.get(folder) ?? readTree(folder);
    this.#read.set(folder, reading);
    for (const oldest of this.#read.keys()) if (this.#read.size > MOST_READ) this.#read.delete(oldest);
    const root = await reading;
    return root ? new FileTree(maxBytes, root) : undefined;
  }
}

async function readTree(folder: string): Promise<FolderNode | null> {
  try {
    const root: FolderNode = deserialize(await readFile(join(folder, NAME)));
    return root;
  } catch {
    return null;
  }
}
