import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A group of one box, in the tree that has the control in question. */
export interface ControlGroup {
  folder: string;
  version: 1 | 2;
}

/** CPU time of all that ever was in the group, ms. */
export function groupCpuMs({ folder, version }: ControlGroup): number {
  if (version === 1) return Number(readFileSync(join(folder, 'cpuacct.usage'), 'utf8')) / 1e6;
  return field(readFileSync(join(folder, 'cpu.stat'), 'utf8'), 'usage_usec') / 1e3;
}

/** Memory that counts against the group's limit; files of its disk do, and are no cache. */
export function groupMemory({ folder, version }: ControlGroup): { bytes: number; cacheBytes: number } {
  const [usage, cache] = version === 1 ? ['memory.usage_in_bytes', 'cache'] : ['memory.current', 'file'];
  const stat = readFileSync(join(folder, 'memory.stat'), 'utf8');
  const cacheBytes = Math.max(0, field(stat, cache) - field(stat, 'shmem'));
  return { bytes: Number(readFileSync(join(folder, usage), 'utf8')) - cacheBytes, cacheBytes };
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}
