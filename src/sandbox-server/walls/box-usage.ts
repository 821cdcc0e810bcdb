import type { BoxUsage } from '../box.ts';
import type { BoxRoot } from './box-root.ts';
import type { BoxGroups } from './cgroups.ts';
import { groupCpuMs, groupMemory } from './group-usage.ts';
import { cpuMs, diskUsage, measureProcesses, residentBytes, total } from './processes-usage.ts';

/** What a box uses now, by its control groups; where it has none, by its processes and files. Throws when it is gone. */
export async function usageOf(root: BoxRoot, groups: BoxGroups): Promise<BoxUsage> {
  const disk = await diskUsage(root);
  const [cpu, memory] = [groups.with('cpuacct'), groups.with('memory')];
  const { bytes, cacheBytes } = memory
    ? groupMemory(memory)
    : { bytes: total(await measureProcesses(root, residentBytes)) + disk.usedBytes, cacheBytes: 0 };
  return {
    cpuMs: cpu ? groupCpuMs(cpu) : total(await measureProcesses(root, cpuMs)),
    memoryBytes: bytes,
    cacheBytes,
    diskBytes: disk.usedBytes,
    diskTotalBytes: disk.totalBytes,
  };
}
