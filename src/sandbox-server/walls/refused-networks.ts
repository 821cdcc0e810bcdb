import { networkInterfaces } from 'node:os';

// Private, shared, link-local (cloud metadata), benchmark, multicast and reserved. slirp4netns's own 10.0.2.0/24 is narrower.
const NEVER = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** IPv4 networks that a box with `nat` must not reach: none of ours, nor any address of this host as of now. */
export function refusedNetworks(): string[] {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, address }) => family === 'IPv4' && !address.startsWith('127.'));
  return [...NEVER, ...new Set(own.map(({ address }) => `${address}/32`))];
}
