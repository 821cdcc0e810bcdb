/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** 32 bits. */
  bits(): number;
  /** A whole number from 0 to `limit` − 1, `limit` at most 2³². */
  below(limit: number): number;
}

const TWO_32 = 2 ** 32;

/**
 * xoshiro128** 1.1 (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47, 2021) on
 * four words of state, or on one seed that is spread to four.
 */
export function seededRandom(seed: number | readonly [number, number, number, number]): Random {
  let [a, b, c, d] = typeof seed === 'number' ? spread(seed) : seed;
  const bits = (): number => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled;
  };
  return { bits, below: (limit) => Math.floor((bits() / TWO_32) * limit) };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

// The finalizer of MurmurHash3 on a counter: a state of zeros would yield zeros only.
function spread(seed: number): [number, number, number, number] {
  const word = (index: number): number => {
    let hash = Math.imul(seed + index, 0x9e3779b9);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  };
  return [word(1), word(2), word(3), word(4)];
}
