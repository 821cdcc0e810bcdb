import { Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';

const MEGABYTE = 1024 * 1024;

/** What envd's GET /metrics tells: the newest sample of what the sandbox uses, of the last seconds. Throws 502. */
export async function readMetrics(sandbox: LiveSandbox, sandboxes: Sandboxes): Promise<object> {
  const newest = (await sandboxes.sampler.samplesOf(sandbox)).at(-1);
  if (!newest) throw new Refusal(502, 'the sandbox is gone');
  const { cpus, memoryMb } = sandboxes.options.limits;
  return {
    ts: Math.floor(newest.atMs / 1000),
    cpu_count: cpus,
    cpu_used_pct: newest.cpuUsedPct,
    mem_total: memoryMb * MEGABYTE,
    mem_total_mib: memoryMb,
    mem_used: newest.memoryBytes,
    mem_used_mib: Math.floor(newest.memoryBytes / MEGABYTE),
    mem_cache: newest.cacheBytes,
    disk_used: newest.diskBytes,
    disk_total: newest.diskTotalBytes,
  };
}
