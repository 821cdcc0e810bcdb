import type { Network } from '../stage.ts';

/** How a network is asked of E2B. Its sandboxes never reach private addresses: there `nat` and `full` are one. */
export function networkOptions(network: Network): { allowInternetAccess: boolean } {
  return { allowInternetAccess: network !== 'none' };
}
