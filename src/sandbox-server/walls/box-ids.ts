import type { Owner } from './reach.ts';
import { INSIDE_ID } from './bubblewrap.ts';

const FIRST_UID = 200_000;

/** Host ids for boxes: one of its own for each live box where we are root, else ours. */
export class BoxIds {
  readonly #taken = new Set<number>();

  take(): Owner {
    const uid = process.getuid?.() ?? INSIDE_ID;
    if (uid !== 0) return { uid, gid: process.getgid?.() ?? INSIDE_ID };
    let free = FIRST_UID;
    while (this.#taken.has(free)) free++;
    this.#taken.add(free);
    return { uid: free, gid: free };
  }

  giveBack({ uid }: Owner): void {
    this.#taken.delete(uid);
  }
}
