import { readFileSync } from 'node:fs';
import { INSIDE_ID } from './bubblewrap.ts';
import type { Owner } from './reach.ts';

// Between what systemd gives to containers and what it keeps for itself (its UIDS-GIDS.md): nobody's, unlike subordinate ids.
const FIRST_UID = 2_000_000_000;
/** Ids of a container's end that boxes use where the first is not to be had. */
const LAST_UIDS = 10_000;

/** Host ids for boxes: one of its own for each live box where we are root, else ours. */
export class BoxIds {
  readonly #taken = new Set<number>();
  #first: number | undefined;

  take(): Owner {
    const uid = process.getuid?.() ?? INSIDE_ID;
    if (uid !== 0) return { uid, gid: process.getgid?.() ?? INSIDE_ID };
    let free = (this.#first ??= firstFree(readFileSync('/proc/self/uid_map', 'utf8')));
    while (this.#taken.has(free)) free++;
    this.#taken.add(free);
    return { uid: free, gid: free };
  }

  giveBack({ uid }: Owner): void {
    this.#taken.delete(uid);
  }
}

/** The first id to give to boxes, by the ids that /proc/self/uid_map says we have. */
export function firstFree(uidMap: string): number {
  const ends = uidMap.split('\n').flatMap((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || count === undefined ? [] : [{ inside, end: inside + count }];
  });
  if (ends.some(({ inside, end }) => inside <= FIRST_UID && end >= FIRST_UID + LAST_UIDS)) return FIRST_UID;
  const last = Math.max(...ends.map(({ end }) => end));
  return Math.max(last - LAST_UIDS, Math.ceil(last / 2));
}
