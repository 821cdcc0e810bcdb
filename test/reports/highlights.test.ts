import { expect, test } from 'vitest';
import type { StoredResult } from '../../src/database/read-results.ts';
import { addHighlight, noHighlights } from '../../src/reports/highlights.ts';
import { showFailed, showSlowest } from '../../src/reports/show-highlights.ts';

type More = Partial<Omit<StoredResult, 'result'>> & { result?: Partial<StoredResult['result']> };

function stored(id: string, seconds: number, more: More = {}): StoredResult {
  const outcome = more.outcome ?? 'passed';
  return {
    evaluationId: '1',
    taskId: id,
    sample: 0,
    labels: {},
    spec: { id, test: 'true' },
    source: null,
    outcome,
    reason: '',
    ...more,
    result: {
      outcome,
      reason: '',
      failure: null,
      exitCode: 0,
      tests: [],
      stages: [
        { stage: 'queue', seconds: 1000 },
        { stage: 'test', seconds },
      ],
      logs: [],
      artifacts: [],
      tail: '',
      attempts: 1,
      sandboxSeconds: seconds,
      costUsd: 0.5,
      provider: 'local',
      template: 'base',
      startedAt: '',
      finishedAt: '',
      ...more.result,
    },
  };
}

const HOSTILE = 'before \u001b[2J\u001b]0;title\u0007\u009b31m \u202e\u0000 after\rover\u001b[?25l';

test('the five slowest are kept, the wait for a slot left out', () => {
  const highlights = noHighlights();
  for (const seconds of [3, 9, 1, 7, 2, 8, 4]) addHighlight(highlights, stored(`t${seconds}`, seconds), {});
  expect(highlights.slowest.map(({ seconds }) => seconds)).toEqual([9, 8, 7, 4, 3]);
  expect(highlights).toMatchObject({ sandboxSeconds: 34, costUsd: 3.5, notPassed: 0 });
  expect(showFailed(highlights, 'out')).toBe('');
  expect(showSlowest(highlights).split('\n')[1]).toMatch(/^t9 +passed +9\.0 +test 9\.0$/);
});

test('what did not pass is shown with the end of its log and the path of the log that decided', () => {
  const highlights = noHighlights();
  const failure = {
    code: 'BUILD_FAILED',
    stage: 'build',
    message: 'make: 2',
    next: 'Read the build log.',
  } as const;
  const result = { failure, tail: 'one\ntwo\nthree' };
  const logs = { build: 'logs/x-1/build.log', test: 'logs/x-1/test.log' };
  addHighlight(highlights, stored('x', 1, { outcome: 'failed', reason: 'build', sample: 1, result }), logs);
  expect(showFailed(highlights, 'out').split('\n')).toEqual([
    '✗ x #1  failed (build)',
    '  make: 2',
    '  Read the build log.',
    '  │ one',
    '  │ two',
    '  │ three',
    '  log: out/logs/x-1/build.log',
  ]);
});

test('only the first ten that did not pass are shown, and how many more there are', () => {
  const highlights = noHighlights();
  for (let n = 0; n < 25; n += 1) addHighlight(highlights, stored(`t${n}`, 1, { outcome: 'timed_out' }), {});
  expect(showFailed(highlights, 'out').match(/✗/g)).toHaveLength(10);
  expect(showFailed(highlights, 'out')).toContain('and 15 more: out/results.jsonl');
});

test('nothing that a candidate prints or is called steers the terminal', () => {
  const highlights = noHighlights();
  const failure = { code: 'TESTS_FAILED', stage: 'test', message: HOSTILE, next: '' } as const;
  const result = { failure, tail: `${HOSTILE}\n${'x'.repeat(10_000)}` };
  addHighlight(highlights, stored(HOSTILE, 1, { outcome: 'failed', reason: HOSTILE, result }), {});
  const shown = `${showFailed(highlights, 'out')}\n${showSlowest(highlights)}`;
  // eslint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThan(400);
});
