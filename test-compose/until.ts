import { setTimeout as delay } from 'node:timers/promises';

const LONGEST_MS = 240_000;

/** Asks again and again until it is so, also outside of a test. Rejects after four minutes. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = performance.now() + LONGEST_MS; !(await isSo()); await delay(250))
    if (performance.now() > giveUpAt) throw new Error(`after four minutes it is not so that ${what}`);
}
