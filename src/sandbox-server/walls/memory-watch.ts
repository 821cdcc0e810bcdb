import { readdir, readFile, statfs } from 'node:fs/promises';
import { setInterval } from 'node:timers';
import type { BoxRoot } from './box-root.ts';
import { killInside } from './kill-inside.ts';

const EVERY_MS = 100;
const MEGABYTE = 1024 * 1024;
/** What the kernel keeps for each file of a tmpfs, about. */
const FILE_BYTES = 1024;

interface Watched {
  root: BoxRoot;
  /** Host pid of its first process. */
  pid: number;
  memoryMb: number;
  isBusy: boolean;
}

interface Held {
  pid: number;
  bytes: number;
}

/**
 * Where no control group bounds memory: looks at each box now and then and kills its largest processes above the limit.
 * Counted are private and shared memory of processes and everything on the disk; System V segments and memfd, which no
 * process needs to hold, the filter bounds.
 */
export class MemoryWatch {
  readonly #boxes = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** Watches a box until the returned function is called. */
  watch(root: BoxRoot, pid: number, memoryMb: number): () => void {
    const watched = { root, pid, memoryMb, isBusy: false };
    this.#boxes.add(watched);
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref();
    return () => {
      this.#boxes.delete(watched);
      if (this.#boxes.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  // A box can make the reading slow: then it waits for itself only.
  #look(): void {
    for (const watched of this.#boxes) {
      if (watched.isBusy) continue;
      watched.isBusy = true;
      void relieve(watched)
        .catch(() => {}) // it just ended
        .finally(() => (watched.isBusy = false));
    }
  }
}

async function relieve({ root, pid, memoryMb }: Watched): Promise<void> {
  const most = memoryMb * MEGABYTE - (await diskBytes(root));
  const processes = await heldBy(root, residentBytes);
  // What processes share counts for each of them in the quick look: it takes the slow one to be sure.
  if (sum(processes) <= most) return;
  const exactly = await heldBy(root, proportionalBytes);
  let used = sum(exactly);
  for (const { pid: inside, bytes } of exactly.toSorted((a, b) => b.bytes - a.bytes)) {
    if (used <= most) return;
    killInside(pid, inside);
    used -= bytes;
  }
}

function sum(processes: readonly Held[]): number {
  return processes.reduce((total, { bytes }) => total + bytes, 0);
}

async function heldBy(root: BoxRoot, measure: (folder: string) => Promise<number>): Promise<Held[]> {
  const names = (await readdir(`${root.path}/proc`)).filter((name) => /^\d+$/.test(name) && name !== '1');
  return Promise.all(
    names.map(async (name) => ({
      pid: Number(name),
      bytes: await measure(`${root.path}/proc/${name}`).catch(() => 0),
    })),
  );
}

async function residentBytes(folder: string): Promise<number> {
  return kilobytes(await readFile(`${folder}/status`, 'utf8'), /^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
}

async function proportionalBytes(folder: string): Promise<number> {
  return kilobytes(await readFile(`${folder}/smaps_rollup`, 'utf8'), /^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm);
}

function kilobytes(text: string, line: RegExp): number {
  return [...text.matchAll(line)].reduce((total, [, amount]) => total + Number(amount) * 1024, 0);
}

async function diskBytes(root: BoxRoot): Promise<number> {
  const { blocks, bfree, bsize, files, ffree } = await statfs(`${root.path}/home/user`);
  return (blocks - bfree) * bsize + (files - ffree) * FILE_BYTES;
}
