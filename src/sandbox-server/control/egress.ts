import { z } from 'zod';
import type { Network } from '../../stage.ts';
import { notServed } from './not-served.ts';
import { readNetwork, subtractNetworks } from '../ipv4-networks.ts';
import { Refusal } from '../refusal.ts';
import { parseAs } from '../shapes.ts';

/** How E2B's SDK spells "everything". */
const ALL_TRAFFIC = '0.0.0.0/0';
/** Most entries of one list: each that is allowed may cost some thirty routes. */
const MOST_ENTRIES = 256;

const Hosts = z.array(z.string()).max(MOST_ENTRIES).nullish();

/** `network` of a create request, and most of the body of an update. */
export const NetworkRequest = z.object({
  allowOut: Hosts,
  denyOut: Hosts,
  rules: z.record(z.string(), z.unknown()).nullish(),
  egressProxy: z.unknown().optional(),
  maskRequestHost: z.string().nullish(),
});
const NetworkUpdate = NetworkRequest.extend({ allow_internet_access: z.boolean().nullish() });

/** Where a sandbox may send. */
export interface Egress {
  network: Network;
  /** As asked for. */
  allowOut: readonly string[];
  denyOut: readonly string[];
  /** Networks that follow from the lists: what is denied and not allowed. */
  denied: readonly string[];
}

/** The lists of a request. Throws 400 for what is no address, 501 for host names, rules and proxies. */
export function readEgress(
  asked: z.output<typeof NetworkRequest>,
  allowInternet: boolean | null | undefined,
): Egress {
  const { allowOut, denyOut, rules, egressProxy, maskRequestHost } = asked;
  if ((rules && Object.keys(rules).length > 0) || egressProxy) throw notServed('egress');
  if (maskRequestHost) throw notServed('hostMask');
  const allowed = (allowOut ?? []).map(readAllowed);
  const refused = (denyOut ?? []).map(readDenied);
  const denied = subtractNetworks(allowInternet === false ? [ALL_TRAFFIC] : refused, allowed);
  return {
    network: denied[0] === ALL_TRAFFIC ? 'none' : 'nat',
    allowOut: allowOut ?? [],
    denyOut: denyOut ?? [],
    denied,
  };
}

/** The same of an update. Throws 400 also when the wall has no such network. */
export function readNetworkUpdate(body: unknown, networks: readonly Network[]): Egress {
  const { allow_internet_access, ...asked } = parseAs(NetworkUpdate, body);
  const egress = readEgress(asked, allow_internet_access);
  if (networks.includes(egress.network)) return egress;
  throw new Refusal(
    400,
    `this server's sandboxes have no network '${egress.network}', only: ${networks.join(', ')}`,
  );
}

function readAllowed(entry: string): string {
  const network = readNetwork(entry);
  if (network !== null) return network;
  throw notServed('names');
}

function readDenied(entry: string): string {
  const network = readNetwork(entry);
  if (network !== null) return network;
  throw new Refusal(400, `invalid denied CIDR ${entry}: expected an IPv4 address or network`);
}
