import { seededRandom } from './random.ts';
import { resamplesFor } from './resamples.ts';
import type { Interval } from './wilson.ts';

const SEED = 20_261_122;

/**
 * 95 % percentile bootstrap interval of the mean of one value per task, tasks drawn with replacement; null for fewer than
 * two. B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), section 13.3. Of differences between two
 * runs it is the paired bootstrap: a task keeps its two values together. The same values give the same interval.
 */
export function bootstrapInterval(values: ArrayLike<number>): Interval | null {
  if (values.length < 2) return null;
  const means = bootstrapMeans(values, resamplesFor(values.length)).toSorted();
  const at = (share: number): number => means[Math.round(share * (means.length + 1)) - 1] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}

/** The means of `count` resamples. */
export function bootstrapMeans(values: ArrayLike<number>, count: number): Float64Array {
  const from = Float64Array.from(values);
  const random = seededRandom(SEED);
  return new Float64Array(count).map(() => {
    let sum = 0;
    for (let drawn = 0; drawn < from.length; drawn += 1) sum += from[random.below(from.length)] ?? 0;
    return sum / from.length;
  });
}
