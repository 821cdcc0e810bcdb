import { setTimeout, clearTimeout } from 'node:timers';
import type { BoxLimits } from '../../box.ts';
import { groupMemory, type ControlGroup } from '../group-usage.ts';

const MEGABYTE = 1024 * 1024;
/** What gVisor's kernel needs for itself: 27 MB, and about 1 MB for each process (measured). */
const KERNEL_MB = 64;
/** What a box may take from the moment it is seen above its limit until its largest process is dead. */
const SPARE_MB = 384;
/** Threads of the host for each process inside (20 measured), and of gVisor itself. */
const [THREADS_EACH, THREADS_OWN] = [32, 512];
// A box takes up to 1.2 GB a second (measured): above a quarter of its limit it is looked at often.
const [RARELY_MS, OFTEN_MS] = [200, 20];

/** Limits of the control groups that hold the whole of gVisor: where they bite, the sandbox dies as a whole. */
export function withSpare(limits: BoxLimits): BoxLimits {
  const { memoryMb, processes } = limits;
  return {
    ...limits,
    memoryMb: memoryMb + KERNEL_MB + SPARE_MB,
    processes: processes * THREADS_EACH + THREADS_OWN,
  };
}

/**
 * Has the largest processes killed as often as a box is seen above its limit, so that the limit ends a command and not the box.
 * Without a `group` that counts, nothing tells. Returns how to stop.
 */
export function relieveMemory(
  group: ControlGroup | undefined,
  memoryMb: number,
  relieve: (bytes: number) => void,
): () => void {
  if (!group) return () => {};
  const mostBytes = (memoryMb + KERNEL_MB) * MEGABYTE;
  let timer: NodeJS.Timeout | undefined;
  let before = 0;
  const look = (): void => {
    const used = groupMemory(group).bytes;
    // While it falls, those who were killed are letting go.
    if (used > mostBytes && used >= before) relieve(used - mostBytes);
    before = used;
    timer = setTimeout(look, used > mostBytes / 4 ? OFTEN_MS : RARELY_MS).unref();
  };
  look();
  return () => clearTimeout(timer);
}
