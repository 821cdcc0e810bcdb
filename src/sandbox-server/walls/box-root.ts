import { closeSync, constants, openSync } from 'node:fs';
import { InsideError } from '../box-files.ts';
import { O_PATH, type Owner, type Tree } from './reach.ts';

/**
 * The file tree of a box, pinned from its start to its end. By the pid of its first process alone it would be the tree of
 * whatever process has that pid next, the host's included, and a box can make pids go round.
 */
export class BoxRoot implements Tree {
  readonly owner: Owner;
  #fd: number | null;

  /** `path`: where the host sees the tree now. */
  constructor(path: string, owner: Owner) {
    this.owner = owner;
    this.#fd = openSync(path, O_PATH | constants.O_DIRECTORY);
  }

  get path(): string {
    if (this.#fd === null) throw new InsideError('ENOENT', '/');
    return `/proc/self/fd/${this.#fd}`;
  }

  /** Lets go of the tree, so that its memory is freed. */
  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
