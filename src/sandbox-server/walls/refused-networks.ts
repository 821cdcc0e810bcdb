import { networkInterfaces } from 'node:os';
import { PRIVATE_NETWORKS } from '../../private-networks.ts';

/** IPv4 networks that a box with `nat` must not reach: none of ours, nor any address of this host as of now. */
export function refusedNetworks(): string[] {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, address }) => family === 'IPv4' && !address.startsWith('127.'));
  // slirp4netns's own 10.0.2.0/24 is narrower than 10.0.0.0/8, so its route wins.
  return [...PRIVATE_NETWORKS, ...new Set(own.map(({ address }) => `${address}/32`))];
}
