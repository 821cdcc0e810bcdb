import { expect, test } from 'vitest';
import type { Batch } from '../../src/database/batches.ts';
import { noOutcomes, type Outcome } from '../../src/outcome.ts';
import { summarize } from '../../src/reports/summarize.ts';
import { percent, summaryLine } from '../../src/reports/summary-line.ts';

function batch(total: number, counts: Partial<Record<Outcome, number>>, unreadable = 0): Batch {
  return {
    id: '1',
    name: 'b',
    provider: 'local',
    state: 'finished',
    paused: false,
    cancelled: false,
    createdAt: new Date(0),
    finishedAt: null,
    total,
    unreadable,
    counts: { ...noOutcomes(), ...counts },
  };
}

test('the summary line has the agreed form', () => {
  const line = summaryLine(
    summarize(batch(143, { passed: 97, failed: 42, timed_out: 3, infra_error: 1 }), [
      { outcome: 'failed', reason: 'tests', count: 37 },
      { outcome: 'failed', reason: 'patch', count: 2 },
      { outcome: 'failed', reason: 'build', count: 3 },
    ]),
  );
  expect(line).toBe(
    'passed 97 · failed 42 (patch 2, build 3) · timed out 3 · invalid 0 · infra 1 · cancelled 0 · missing 0 of 143 — pass rate 68.3 % [60.3–75.4] of 142 graded, completion 99.3 %',
  );
});

test('unreadable lines count in N as invalid, and what has no result is missing', () => {
  const summary = summarize(batch(10, { passed: 4, invalid: 1, cancelled: 1 }, 2), []);
  expect(summary).toMatchObject({ total: 12, accepted: 10, unreadable: 2, missing: 4, graded: 4 });
  expect(summary.outcomes.invalid).toBe(3);
  expect(summary.completion).toBeCloseTo(4 / 12);
  expect(summaryLine(summary)).toContain(
    'invalid 3 (unreadable 2) · infra 0 · cancelled 1 · missing 4 of 12',
  );
});

test('outcomes that say nothing of the candidate leave the pass rate alone', () => {
  const graded = summarize(batch(8, { passed: 3, failed: 1 }), []);
  const more = summarize(batch(8, { passed: 3, failed: 1, infra_error: 2, invalid: 1, cancelled: 1 }), []);
  expect(more.passRate).toBe(graded.passRate);
  expect(more.passRateInterval).toEqual(graded.passRateInterval);
});

test('with nothing graded there is no pass rate', () => {
  expect(summaryLine(summarize(batch(2, { infra_error: 2 }), []))).toContain(
    'missing 0 of 2 — pass rate – of 0 graded, completion 0.0 %',
  );
});

test('a rate is never rounded to all or nothing', () => {
  expect([1, 0.99999, 0.00001, 0, 0.5].map(percent)).toEqual(['100.0', '99.9', '0.1', '0.0', '50.0']);
});
