import type { Flags } from './flags.ts';
import type { Tier } from './limits/tier.ts';
import type { SandboxServer } from './start-server.ts';
import type { WallReport } from './box.ts';

/** What a server says on standard output once it listens: one JSON line for programs, else lines for people. */
export function announcement(
  { url }: SandboxServer,
  { json, limits, tier, faults }: Flags,
  { apiKey, report }: { apiKey: string; report: WallReport },
): string {
  if (json) return JSON.stringify({ url, apiKey, wall: report });
  const { memoryMb, cpus, processes, diskMb } = limits;
  return [
    `The sandbox server listens. To use it with any E2B SDK:`,
    `  export E2B_API_URL=${url} E2B_SANDBOX_URL=${url} E2B_API_KEY=${apiKey}`,
    `Each sandbox: ${memoryMb} MB memory, ${cpus} cpus, ${processes} processes, ${diskMb} MB disk`,
    `Tier ${describeTier(tier)}`,
    ...(faults.rules.length === 0 ? [] : [`Faults: ${faults.rules.length} rules, seed ${faults.seed}`]),
    `Wall: ${report.wall}; networks: ${report.networks.join(', ')}`,
    ...report.facts.map(({ name, inForce, by }) => `  ${inForce ? 'yes' : 'NO '}  ${name}: ${by}`),
  ].join('\n');
}

function describeTier({ name, maxSandboxes, createsPerS, longestSessionS }: Tier): string {
  const rate = createsPerS === null ? 'any number of' : createsPerS;
  return `${name}: ${maxSandboxes ?? 'any number of'} sandboxes at once, ${rate} creations a second, sessions of ${longestSessionS} s`;
}
