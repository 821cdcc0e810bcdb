import type { Config } from '../config.ts';
import type { Stack } from '../local/use-stack.ts';
import { keyOf } from '../provider-config.ts';

/** The first line of a run: which provider, its limits, and the walls that are really in force. */
export function describeProvider({ provider }: Stack): string {
  const { name, tier, maxSandboxes, createsPerS, apiUrl, wall } = provider;
  const place = name === 'local' ? '' : ` (${apiUrl ?? "E2B's cloud"}, tier ${tier})`;
  const creations = createsPerS === null ? '' : `, ${createsPerS} creations/s`;
  return `provider ${name}${place}: ${maxSandboxes} sandboxes at once${creations}; ${describeWall(wall)}`;
}

/** Walls in force, and those that are not, in one line. */
export function describeWall(wall: Stack['provider']['wall']): string {
  if (!wall) return "walls: the provider's own";
  const lacking = wall.facts.filter(({ inForce }) => !inForce).map(({ name, by }) => `${name} (${by})`);
  const present = wall.facts.filter(({ inForce }) => inForce).map(({ name }) => name);
  const not = lacking.length > 0 ? `; NOT in force: ${lacking.join(', ')}` : '';
  return `wall ${wall.wall}: ${present.join(', ')}${not}`;
}

/** Throws USAGE when a stack would start whose evaluators have no key. */
export function requireKey({ provider }: Config): void {
  if (provider.name !== 'local') keyOf(provider); // its own server's key the stack finds by itself
}
