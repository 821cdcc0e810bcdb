import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fstatSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { InsideError } from '../box-files.ts';
import { pin, under } from './reach.ts';
import { StepBudget } from './step-budget.ts';

/** Folders below each other that are held open at once; a deeper one is first moved up to the top. */
const MAX_DEPTH = 128;
/** How often that is done before whoever digs faster than we remove has won. */
const MAX_ROUNDS = 1000;

interface Removal {
  /** The folder that is removed. */
  top: number;
  path: string;
  budget: StepBudget;
  movedUp: boolean;
}

/** Removes what has this name under a pinned folder, with all below it. `path`: as seen inside. Throws ENOTEMPTY where it grows meanwhile. */
export async function removeTree(parent: number, name: string, path: string): Promise<void> {
  const top = pin(parent, name);
  if (top === null) return;
  try {
    if (!fstatSync(top).isDirectory()) return unlinkSync(under(parent, name));
    const removal = { top, path, budget: new StepBudget(Infinity), movedUp: true };
    for (let round = 0; removal.movedUp; round++) {
      if (round === MAX_ROUNDS) throw new InsideError('ENOTEMPTY', path);
      removal.movedUp = false;
      await emptyFolder(removal, top, 1);
    }
    rmdirSync(under(parent, name));
  } finally {
    closeSync(top);
  }
}

async function emptyFolder(removal: Removal, folder: number, depth: number): Promise<void> {
  makePassable(folder);
  for (const entry of await readdir(`/proc/self/fd/${folder}`, { encoding: 'buffer' })) {
    removal.budget.spend(4);
    await removal.budget.rest();
    await removeEntry(removal, folder, entry, depth);
  }
}

async function removeEntry(removal: Removal, parent: number, name: Buffer, depth: number): Promise<void> {
  const fd = pin(parent, name);
  if (fd === null) return;
  try {
    if (!fstatSync(fd).isDirectory()) return unlinkSync(under(parent, name));
    if (depth === MAX_DEPTH) {
      renameSync(under(parent, name), under(removal.top, randomBytes(16).toString('hex')));
      removal.movedUp = true;
      return;
    }
    await emptyFolder(removal, fd, depth + 1);
    rmdirSync(under(parent, name));
  } finally {
    closeSync(fd);
  }
}

// Its owner may have closed it to everyone, and we may be no more than its owner.
function makePassable(folder: number): void {
  if ((fstatSync(folder).mode & 0o700) !== 0o700) chmodSync(`/proc/self/fd/${folder}`, 0o700);
}
