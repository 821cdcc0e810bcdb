import { describe, expect, test } from 'vitest';
import type { Claimed } from '../../src/database/claim-evaluation.ts';
import { ERRORS, EvalpoolError, type ErrorCode } from '../../src/errors.ts';
import { backOffMs, nextStep } from '../../src/evaluation/next-step.ts';
import { MAX_FAILURES } from '../../src/outcome.ts';

const CODES = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);
const fresh: Claimed = {
  evaluationId: '1',
  attempt: 1,
  batchId: '1',
  tenant: 'default',
  spec: { id: 'a', test: 'true' },
  failures: 0,
  sandboxesLost: 0,
  suspect: null,
  waitedSeconds: 0,
  acceptedAt: '0',
  ageMs: 0,
};

/** The circumstances of an error that is this evaluation's own. */
const own = (lossRate = 0) => ({ lossRate, everybodys: false });

/** How long after this error, with that repo, it is tried again, ms. */
function delayOf(code: ErrorCode, repo: string): number {
  const next = nextStep(
    new EvalpoolError(code, ''),
    { ...fresh, spec: { id: 'a', test: 'true', repo } },
    own(),
  );
  return 'handBack' in next ? next.handBack.delayMs : Number.NaN;
}

describe('what follows an error', () => {
  test.each(CODES.filter((code) => ERRORS[code].blame === 'candidate'))(
    '%s of the candidate is final',
    (code) => {
      expect(nextStep(new EvalpoolError(code, ''), fresh, own())).toHaveProperty('end.code', code);
    },
  );

  test.each(CODES.filter((code) => ERRORS[code].blame === 'ours'))(
    '%s of ours is retried up to the limit',
    (code) => {
      expect(nextStep(new EvalpoolError(code, ''), fresh, own())).toHaveProperty('handBack.failed', true);
      const last = { ...fresh, failures: MAX_FAILURES - 1 };
      expect(nextStep(new EvalpoolError(code, ''), last, own())).toHaveProperty('end.code', code);
    },
  );

  test('a set-up that failed is tried in a second sandbox before the spec is blamed', () => {
    const error = new EvalpoolError('SETUP_FAILED', '', { stage: 'setup' });
    expect(nextStep(error, fresh, own())).toEqual({
      handBack: { reason: 'setup', failed: false, delayMs: expect.any(Number), suspect: 'SETUP_FAILED' },
    });
    expect(nextStep(error, { ...fresh, suspect: 'SETUP_FAILED' }, own())).toEqual({ end: error });
    expect(nextStep(error, { ...fresh, suspect: 'FETCH_FAILED' }, own())).toHaveProperty('handBack');
  });

  test('a remote gets half a minute before a fetch is tried again, a set-up and a repo of this disk two seconds', () => {
    for (const code of ['FETCH_FAILED', 'FETCH_TIMED_OUT'] as const) {
      expect(delayOf(code, 'https://example.org/a.git')).toBeGreaterThan(20_000);
      expect(delayOf(code, '/a')).toBeLessThan(3000);
    }
    expect(delayOf('SETUP_FAILED', 'https://example.org/a.git')).toBeLessThan(3000);
  });

  test('a sandbox lost in the tests is blamed on them only when chance is less likely than one in a million', () => {
    const lost = new EvalpoolError('SANDBOX_LOST', '', { stage: 'test' });
    expect(nextStep(lost, { ...fresh, sandboxesLost: 2 }, own(0.001))).toHaveProperty(
      'handBack.sandboxLost',
      true,
    );
    expect(nextStep(lost, { ...fresh, sandboxesLost: 3 }, own(0.001))).toHaveProperty(
      'end.code',
      'SANDBOX_KILLED',
    );
    expect(nextStep(lost, { ...fresh, sandboxesLost: 3 }, own(0.1))).toHaveProperty('handBack');
    const early = new EvalpoolError('SANDBOX_LOST', '', { stage: 'fetch' });
    expect(nextStep(early, { ...fresh, sandboxesLost: 3 }, own(0.001))).toHaveProperty(
      'handBack.sandboxLost',
      false,
    );
  });

  test('the back-off grows, is capped, and is never zero', () => {
    for (const failures of [0, 3, 50]) {
      const full = Math.min(60_000, 1000 * 2 ** failures);
      const delay = backOffMs(failures);
      expect(delay).toBeGreaterThanOrEqual(full / 2);
      expect(delay).toBeLessThanOrEqual(full);
    }
  });
});
