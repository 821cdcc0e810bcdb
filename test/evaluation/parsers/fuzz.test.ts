import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { broken, mutated } from './mutations.ts';
import { passes } from './read-text.ts';

// `npm run fuzz` sets it, and looks elsewhere each time; the few of `npm test` are always the same.
const WANTED = process.env['FUZZ_RUNS'];
const RUNS = Number(WANTED ?? 2000);
const LIMIT_MS = 60_000 + RUNS * 20;

/** Runs the property on RUNS inputs, shows what was met, and rejects with the smallest input that breaks it. */
async function fuzz<T extends { report: Buffer }>(
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => Promise<boolean>,
): Promise<void> {
  let slowest = { ms: 0, bytes: 0 };
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const began = performance.now();
      const held = await holds(input);
      const ms = performance.now() - began;
      if (ms > slowest.ms) slowest = { ms, bytes: input.report.length };
      return held;
    }),
    { numRuns: RUNS, ...(WANTED === undefined ? { seed: 6 } : {}) },
  );
  console.log(`${RUNS} reports; the slowest took ${slowest.ms.toFixed(0)} ms for ${slowest.bytes} bytes`);
}

test(
  'no change around a failed test makes a report pass',
  async () => {
    await expect(
      fuzz(mutated, async ({ format, report }) => !(await passes(format, report))),
    ).resolves.toBeUndefined();
  },
  LIMIT_MS,
);

test(
  'a report changed anywhere ends in tests or in a refusal, never in a crash',
  async () => {
    await expect(
      fuzz(broken, async ({ format, report }) => typeof (await passes(format, report)) === 'boolean'),
    ).resolves.toBeUndefined();
  },
  LIMIT_MS,
);
