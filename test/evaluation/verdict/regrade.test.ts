import { expect, test } from 'vitest';
import type { Blobs } from '../../../src/blobs/blobs.ts';
import { EvalpoolError, type ErrorCode } from '../../../src/errors.ts';
import { regrade, type Regraded } from '../../../src/evaluation/verdict/regrade.ts';
import { failedResult, type EvaluationResult } from '../../../src/result.ts';
import type { SpecInput } from '../../../src/spec.ts';

// Results of versions that kept no report have no `basis`.

const SPEC: SpecInput = { id: 'a', test: 'true', report: { format: 'junit', path: 'report.xml' } };
const TESTS: EvaluationResult['tests'] = [
  { name: 'good', status: 'passed' },
  { name: 'bad', status: 'failed' },
];

const nothingStored: Blobs = {
  put: async () => undefined,
  read: async () => null,
  tail: async () => '',
  remove: async () => undefined,
};

function older(code: ErrorCode, more: Partial<EvaluationResult> = {}): EvaluationResult {
  const error = new EvalpoolError(code, 'it was so', { stage: 'test' });
  return { ...failedResult(error, 1), exitCode: 1, tests: TESTS, ...more };
}

const judged = (result: EvaluationResult, rules: Partial<SpecInput>): Promise<Regraded> =>
  regrade({ spec: SPEC, result }, { ...SPEC, ...rules }, nothingStored);

const expectGood = { expect: { failToPass: ['good'] } };

test('a result without a kept report is judged by its stored tests, as long as they are read the same way', async () => {
  const result = older('TESTS_FAILED');
  expect(await judged(result, expectGood)).toMatchObject({ result: { outcome: 'passed', tests: TESTS } });
  const report = { format: 'junit', path: 'other.xml' } as const;
  expect(await judged(result, { report })).toEqual({ because: 'other_path' });
  expect(await judged(result, { report: { ...report, format: 'ctrf', path: 'report.xml' } })).toEqual({
    because: 'not_kept',
  });
});

test.each(['NO_TESTS', 'LIMITS'] as const)('its %s may rest on what was not kept', async (code) => {
  expect(await judged(older(code), expectGood)).toEqual({ because: 'not_kept' });
});

test.each([
  ['our own failure', older('STORE_FAILED')],
  ['a time-out', older('TEST_TIMED_OUT', { exitCode: null })],
  ['a build', older('LIMITS', { failure: { code: 'LIMITS', stage: 'build', message: '', next: '' } })],
])('%s stays what it was', async (_, result) => {
  expect(await judged(result, expectGood)).toEqual({ because: 'no_verdict' });
});

test('a report that was kept and is gone cannot be judged', async () => {
  const report = { blob: 'b/e/1/report.gz', files: [3], unread: null };
  const result = older('TESTS_FAILED', { basis: { signal: null, limit: null, report } });
  expect(await judged(result, expectGood)).toEqual({ because: 'not_kept' });
});
