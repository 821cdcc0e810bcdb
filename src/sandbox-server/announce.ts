import type { Flags } from './flags.ts';
import type { SandboxServer } from './start-server.ts';
import type { WallReport } from './box.ts';

/** What a server says on standard output once it listens: one JSON line for programs, else lines for people. */
export function announcement(
  { url }: SandboxServer,
  { json, limits, maxSandboxes }: Flags,
  { apiKey, report }: { apiKey: string; report: WallReport },
): string {
  if (json) return JSON.stringify({ url, apiKey, wall: report });
  const { memoryMb, cpus, processes, diskMb } = limits;
  return [
    `The sandbox server listens. To use it with any E2B SDK:`,
    `  export E2B_API_URL=${url} E2B_SANDBOX_URL=${url} E2B_API_KEY=${apiKey}`,
    `Each sandbox: ${memoryMb} MB memory, ${cpus} cpus, ${processes} processes, ${diskMb} MB disk; at once: ${maxSandboxes ?? 'no limit'}`,
    `Wall: ${report.wall}; networks: ${report.networks.join(', ')}`,
    ...report.facts.map(({ name, inForce, by }) => `  ${inForce ? 'yes' : 'NO '}  ${name}: ${by}`),
  ].join('\n');
}
