import { readdir, readFile, statfs } from 'node:fs/promises';
import type { BoxRoot } from './box-root.ts';

/** Linux's unit of CPU time in /proc, on every machine that Node runs on. */
const TICK_MS = 10;

/** What is measured of each process of a box but the first, by its pid as seen inside; 0 for one that just ended. */
export async function measureProcesses(
  root: BoxRoot,
  measure: (folder: string) => Promise<number>,
): Promise<Array<{ pid: number; amount: number }>> {
  const names = (await readdir(`${root.path}/proc`)).filter((name) => /^\d+$/.test(name) && name !== '1');
  return Promise.all(
    names.map(async (name) => ({
      pid: Number(name),
      amount: await measure(`${root.path}/proc/${name}`).catch(() => 0),
    })),
  );
}

/** All that was measured together. */
export function total(measured: ReadonlyArray<{ amount: number }>): number {
  return measured.reduce((sum, { amount }) => sum + amount, 0);
}

/** Private and shared memory of a process, bytes. */
export async function residentBytes(folder: string): Promise<number> {
  return kilobytes(await readFile(`${folder}/status`, 'utf8'), /^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
}

/** The same, but each process bears only its part of what several share; takes far longer. */
export async function proportionalBytes(folder: string): Promise<number> {
  return kilobytes(await readFile(`${folder}/smaps_rollup`, 'utf8'), /^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm);
}

/** CPU time of a process and of its children that it has reaped, ms. */
export async function cpuMs(folder: string): Promise<number> {
  // Fields 14 to 17 of the whole line; the name, the second, may hold anything.
  const fields = (await readFile(`${folder}/stat`, 'utf8')).replace(/.*\) /s, '').split(' ').slice(11, 15);
  return fields.reduce((sum, field) => sum + Number(field) * TICK_MS, 0);
}

/** How full a box's disk is, and how large; one file system carries all its writable places. Not by home: a box that writes to its whole root may have put a link there. */
export async function diskUsage(
  root: BoxRoot,
): Promise<{ usedBytes: number; totalBytes: number; files: number }> {
  const { blocks, bfree, bsize, files, ffree } = await statfs(`${root.path}/dev/shm`);
  return { usedBytes: (blocks - bfree) * bsize, totalBytes: blocks * bsize, files: files - ffree };
}

function kilobytes(text: string, line: RegExp): number {
  return [...text.matchAll(line)].reduce((sum, [, amount]) => sum + Number(amount) * 1024, 0);
}
