import { readFile, readdir } from 'node:fs/promises';

/** Milliseconds of one kind of request, sorted. */
export type Samples = number[];

/** The value below which that share of the samples lies. */
export function quantile(sorted: Samples, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Proportional set size of every process whose command line names the stack's folder or programs, MiB by name. */
export async function measureMemory(pattern: RegExp): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const command = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    const name = pattern.exec(command)?.[1];
    if (!name) continue;
    const rollup = await readFile(`/proc/${entry}/smaps_rollup`, 'utf8').catch(() => '');
    const mib = Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
    sizes.set(name, (sizes.get(name) ?? 0) + mib);
  }
  return sizes;
}
