/** A number in [0, 1) that depends on nothing but the seed and the keys, and on each bit of them. */
export function throwDice(seed: number, ...keys: number[]): number {
  let hash = seed;
  for (const key of keys) hash = mix(hash ^ mix(key + 0x9e3779b9));
  return (hash >>> 0) / 2 ** 32;
}

// The finalizer of MurmurHash3.
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
