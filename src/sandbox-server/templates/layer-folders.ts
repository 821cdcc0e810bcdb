import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { newId } from '../secrets.ts';
import { removeUnlocked } from './remove-unlocked.ts';

/** The making of layers. */
interface Making {
  /** Where the next one is to be made. */
  newFolder: () => string;
  /** They are made, or will not be: from now on they stay only as long as something needs them. */
  end: () => void;
}

const LAYER = /^([a-z2-7]{20})(\.lock|\.gone)?$/;

/**
 * The layers of one home: `<id>`, a folder that is written once, and `<id>.lock` beside it, which whoever uses the layer holds
 * locked. They belong to the server's own user and are closed to all others.
 */
export class LayerFolders {
  readonly #folder: string;
  readonly #making = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Layers that are made until the end of it are not removed before. */
  beginMaking(): Making {
    const made: string[] = [];
    const newFolder = (): string => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const folder = join(this.#folder, newId());
      made.push(folder);
      this.#making.add(folder);
      return folder;
    };
    const end = (): void => made.forEach((folder) => this.#making.delete(folder));
    return { newFolder, end };
  }

  /** Takes in a layer that was made elsewhere on the same disk. */
  adopt(made: string, folder: string): void {
    writeFileSync(`${folder}.lock`, '');
    renameSync(made, folder);
  }

  paths(ids: readonly string[]): string[] {
    return ids.map((id) => join(this.#folder, id));
  }

  ids(folders: readonly string[]): string[] {
    return folders.map((folder) => basename(folder));
  }

  exist(ids: readonly string[]): boolean {
    return this.paths(ids).every((folder) => existsSync(folder));
  }

  /** Removes those that `readNeeded` does not name, that are not `inUse` (folders) and that nobody holds. */
  async removeUnneeded(inUse: ReadonlySet<string>, readNeeded: () => ReadonlySet<string>): Promise<void> {
    const needed = readNeeded();
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    const ids = new Set(names.flatMap((name) => LAYER.exec(name)?.[1] ?? []));
    const isFree = (folder: string): boolean => !inUse.has(folder) && !this.#making.has(folder);
    const unneeded = [...ids].filter((id) => !needed.has(id) && isFree(join(this.#folder, id)));
    if (unneeded.length === 0) return;
    await removeUnlocked(this.#folder, unneeded, (locked) => {
      // One that was held till now may have come into a snapshot meanwhile.
      const nowNeeded = readNeeded();
      return locked.filter((id) => !nowNeeded.has(id));
    });
  }
}
