import { seededRandom, type Random } from './random.ts';
import { resamplesFor } from './resamples.ts';

const SEED = 19_350_315;
/** 2²⁰ patterns of signs are tried in some milliseconds. */
const ENUMERATED = 20;
/** Sums of the same numbers in another order differ by less. */
const SLACK = 1e-9;

/** Two-sided p-values of the sign-flip test. */
export interface SignFlip {
  /** Patterns with a sum at least as far from 0. */
  exact: number;
  /** Of those whose sum is just as far, half count: as McNemar's mid-p does. */
  midP: number;
}

/**
 * Two-sided p-values of Fisher's randomization test of paired differences: how many patterns of signs give a sum at least
 * as far from 0. R. A. Fisher, "The Design of Experiments" (1935), section 21. Of differences that are all −1, 0 or 1 it
 * is McNemar's test, exact and mid-p. All patterns are tried for up to 20 differences that are not 0; else a sample of them, counted
 * with the observed one (B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010, article 39).
 */
export function signFlipTest(differences: ArrayLike<number>): SignFlip {
  const sizes = Float64Array.from(differences).filter((difference) => difference !== 0);
  if (sizes.length === 0) return { exact: 1, midP: 1 };
  const counter = countFar(Math.abs(sizes.reduce((sum, size) => sum + size, 0)));
  if (sizes.length <= ENUMERATED) tryAll(sizes, counter);
  else trySome(sizes, counter);
  return counter.shares();
}

interface FarCounter {
  add(sum: number): void;
  shares(): SignFlip;
}

// The observed pattern is one of them.
function countFar(observed: number): FarCounter {
  let [tries, farther, alike] = [1, 0, 1];
  return {
    add(sum) {
      const size = Math.abs(sum);
      tries += 1;
      if (size > observed + SLACK) farther += 1;
      else if (size >= observed - SLACK) alike += 1;
    },
    shares: () => ({ exact: (farther + alike) / tries, midP: (farther + alike / 2) / tries }),
  };
}

// In the order of a Gray code, so that each pattern differs from the former by one sign.
function tryAll(sizes: Float64Array, counter: FarCounter): void {
  const signed = sizes.slice();
  const patterns = 2 ** sizes.length;
  let sum = signed.reduce((total, size) => total + size, 0);
  for (let pattern = 1; pattern < patterns; pattern += 1) {
    const at = 31 - Math.clz32(pattern & -pattern);
    const turned = -(signed[at] ?? 0);
    signed[at] = turned;
    sum += 2 * turned;
    counter.add(sum);
  }
}

function trySome(sizes: Float64Array, counter: FarCounter): void {
  const random = seededRandom(SEED);
  const tries = resamplesFor(sizes.length);
  for (let done = 0; done < tries; done += 1) counter.add(drawSum(sizes, random));
}

function drawSum(sizes: Float64Array, random: Random): number {
  let [sum, signs] = [0, 0];
  for (let at = 0; at < sizes.length; at += 1) {
    if (at % 32 === 0) signs = random.bits();
    const size = sizes[at] ?? 0;
    sum += signs & 1 ? size : -size;
    signs >>>= 1;
  }
  return sum;
}
