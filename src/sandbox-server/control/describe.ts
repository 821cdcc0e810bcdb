import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';

/** The envd whose behaviour the data plane has: the SDK asks no less than 0.6.4 for what we do. */
export const ENVD_VERSION = '0.6.13';

/** What the SDK needs to reach a sandbox. */
export function describeAccess({ id, template, token }: LiveSandbox): object {
  return {
    templateID: template,
    sandboxID: id,
    clientID: 'local',
    envdVersion: ENVD_VERSION,
    envdAccessToken: token,
    domain: null,
  };
}

/** A sandbox in a list. */
export function describe(sandboxes: Sandboxes, sandbox: LiveSandbox): object {
  const { cpus, memoryMb, diskMb } = sandboxes.options.limits;
  return {
    sandboxID: sandbox.id,
    templateID: sandbox.template,
    alias: sandbox.template,
    clientID: 'local',
    startedAt: sandbox.startedAt.toISOString(),
    endAt: sandbox.endsAt.toISOString(),
    state: sandbox.state,
    cpuCount: cpus,
    memoryMB: memoryMb,
    diskSizeMB: diskMb,
    envdVersion: ENVD_VERSION,
    metadata: sandbox.metadata,
  };
}

/** All that `getInfo` tells. */
export function describeInFull(sandboxes: Sandboxes, sandbox: LiveSandbox): object {
  const { egress, lifecycle } = sandbox;
  return {
    ...describe(sandboxes, sandbox),
    envdAccessToken: sandbox.token,
    domain: null,
    allowInternetAccess: egress.network !== 'none',
    network: { allowOut: egress.allowOut, denyOut: egress.denyOut },
    lifecycle: { onTimeout: lifecycle.onTimeout, autoResume: lifecycle.autoResume },
  };
}
