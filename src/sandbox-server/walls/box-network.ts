import { networkInterfaces } from 'node:os';
import type { Network } from '../../stage.ts';
import { PRIVATE_NETWORKS } from '../../private-networks.ts';
import { isInNetworks, readNetwork } from '../ipv4-networks.ts';
import type { Launcher } from './launcher.ts';

/** Where slirp4netns answers for the host's resolver. */
const RESOLVER = '10.0.2.3';

/** Sets the network of one box, and networks that it must not reach besides those that none may; one change after another. */
export function networkSetter(
  launcher: Launcher,
  boxId: string,
): (network: Network, denied: readonly string[]) => Promise<void> {
  let turn: Promise<unknown> = Promise.resolve();
  return async (network, denied) => {
    const change = turn.then(() => launcher.network(boxId, network === 'nat', refusedNetworks(denied)));
    turn = change.catch(() => {});
    await change;
  };
}

/**
 * Ours, every address of this host and its links as of now, and what is denied; nothing that is allowed opens the others. Who
 * shares a link with the host trusts it more than the world, whatever its addresses.
 */
function refusedNetworks(denied: readonly string[]): string[] {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, address }) => family === 'IPv4' && !address.startsWith('127.'));
  const links = own
    .filter(({ address }) => !isInNetworks(address, PRIVATE_NETWORKS))
    .flatMap(({ cidr }) => readNetwork(cidr ?? '') ?? []);
  const refused = [...PRIVATE_NETWORKS, ...links, ...own.map(({ address }) => `${address}/32`), ...denied];
  // Its own 10.0.2.0/24 is narrower than any of these, so its route wins.
  if (isInNetworks(RESOLVER, denied)) refused.push(`${RESOLVER}/32`);
  return [...new Set(refused)];
}
