import { setInterval } from 'node:timers';
import type { BoxRoot } from './box-root.ts';
import { killInside } from './kill-inside.ts';
import { diskUsage, measureProcesses, proportionalBytes, residentBytes, total } from './processes-usage.ts';

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
  const { usedBytes, files } = await diskUsage(root);
  const most = memoryMb * MEGABYTE - usedBytes - files * FILE_BYTES;
  // What processes share counts for each of them in the quick look: it takes the slow one to be sure.
  if (total(await measureProcesses(root, residentBytes)) <= most) return;
  const exactly = await measureProcesses(root, proportionalBytes);
  let used = total(exactly);
  for (const { pid: inside, amount } of exactly.toSorted((a, b) => b.amount - a.amount)) {
    if (used <= most) return;
    killInside(pid, inside);
    used -= amount;
  }
}
