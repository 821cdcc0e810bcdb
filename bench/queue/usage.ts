import { readFile, readdir } from 'node:fs/promises';

/** Of /proc. */
const TICKS_PER_S = 100;

/** Processes by name: each number is one, with all that it started. */
export type Named = Readonly<Record<string, readonly number[]>>;

/** CPU seconds so far, by name, of those processes, of all below them, and of those below that have ended and been waited for. */
export async function readCpu(named: Named): Promise<Map<string, number>> {
  return sumTrees(named, async (pid) => {
    const fields = await readStat(pid);
    // utime, stime, and those of children that were waited for
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_S;
  });
}

/** Memory by name, MiB: proportional set size, so that what processes share counts once. */
export async function readMemory(named: Named): Promise<Map<string, number>> {
  return sumTrees(named, async (pid) => {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
  });
}

/** `a 1.2, b 3.4`. */
export function inWords(values: ReadonlyMap<string, number>, digits: number): string {
  return [...values].map(([name, value]) => `${name} ${value.toFixed(digits)}`).join(', ');
}

async function sumTrees(named: Named, read: (pid: number) => Promise<number>): Promise<Map<string, number>> {
  const children = await readChildren();
  const sums = new Map<string, number>();
  for (const [name, roots] of Object.entries(named)) {
    const values = await Promise.all(roots.flatMap((root) => treeOf(root, children)).map(read));
    sums.set(
      name,
      values.reduce((sum, value) => sum + value, 0),
    );
  }
  return sums;
}

async function readChildren(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number((await readStat(Number(entry)))[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  return children;
}

function treeOf(root: number, children: ReadonlyMap<number, number[]>): number[] {
  return [root, ...(children.get(root) ?? []).flatMap((child) => treeOf(child, children))];
}

// What follows the program's name: state, parent, …
async function readStat(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.replace(/^.*\) /s, '').split(' ');
}
