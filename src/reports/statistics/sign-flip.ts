import { seededRandom, type Random } from './random.ts';
import { resamplesFor } from './resamples.ts';

const SEED = 19_350_315;
/** 2²⁰ patterns of signs are tried in some milliseconds. */
const ENUMERATED = 20;
/** Sums of the same numbers in another order differ by less. */
const SLACK = 1e-9;

/**
 * Two-sided p-value of Fisher's randomization test of paired differences: how many patterns of signs give a sum at least
 * as far from 0. R. A. Fisher, "The Design of Experiments" (1935), section 21. Of differences that are all −1, 0 or 1 it
 * is McNemar's exact test. All patterns are tried for up to 20 differences that are not 0; else a sample of them, counted
 * with the observed one (B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010, article 39).
 */
export function signFlipTest(differences: ArrayLike<number>): number {
  const sizes = Float64Array.from(differences).filter((difference) => difference !== 0);
  if (sizes.length === 0) return 1;
  const least = Math.abs(sizes.reduce((sum, size) => sum + size, 0)) - SLACK;
  return sizes.length <= ENUMERATED ? tryAll(sizes, least) : trySome(sizes, least);
}

// In the order of a Gray code, so that each pattern differs from the former by one sign.
function tryAll(sizes: Float64Array, least: number): number {
  const signed = sizes.slice();
  const patterns = 2 ** sizes.length;
  let sum = signed.reduce((total, size) => total + size, 0);
  let hits = 1;
  for (let pattern = 1; pattern < patterns; pattern += 1) {
    const at = 31 - Math.clz32(pattern & -pattern);
    const turned = -(signed[at] ?? 0);
    signed[at] = turned;
    sum += 2 * turned;
    if (Math.abs(sum) >= least) hits += 1;
  }
  return hits / patterns;
}

function trySome(sizes: Float64Array, least: number): number {
  const random = seededRandom(SEED);
  const tries = resamplesFor(sizes.length);
  let hits = 1;
  for (let done = 0; done < tries; done += 1) {
    if (Math.abs(drawSum(sizes, random)) >= least) hits += 1;
  }
  return hits / (tries + 1);
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
