import { validate } from 'ctrf';
import { afterAll, expect, test } from 'vitest';
import { readCtrf } from '../../../src/evaluation/parsers/ctrf.ts';
import { noTests } from '../../../src/evaluation/parsers/reported.ts';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import { textOf, writeRun } from './a-run.ts';

const written = writeRun();
afterAll(() => written.remove());

test.each([{}, { tests: true as const }])(
  'CTRF is valid by its published schema, and read again: %j',
  async (wishes) => {
    const text = await textOf(FORMATS['ctrf'], await written.open(), wishes);
    expect(validate(JSON.parse(text))).toMatchObject({ valid: true });
    const into = noTests();
    await readCtrf(text, into);
    expect(into.tests.map(({ status }) => status)).toEqual(
      'tests' in wishes
        ? [
            'passed',
            'skipped',
            'failed',
            'skipped',
            'passed',
            'passed',
            'failed',
            'skipped',
            'skipped',
            'skipped',
            'skipped',
          ]
        : ['passed', 'failed', 'passed', 'failed', 'skipped', 'skipped', 'skipped', 'skipped'],
    );
  },
);

test('a CTRF test tells outcome, labels, attempts and log of its evaluation', async () => {
  const report: unknown = JSON.parse(await textOf(FORMATS['ctrf'], await written.open()));
  expect(report).toMatchObject({
    results: {
      summary: {
        tests: 8,
        passed: 2,
        failed: 2,
        skipped: 1,
        other: 3,
        start: 1795503600000,
        stop: 1795503605000,
      },
      tests: [
        { name: 'a__a-1', status: 'passed', duration: 2250, labels: { model: 'm/1' } },
        {
          rawStatus: 'failed',
          message: '1 of 2 tests failed',
          trace: 'first\nE   assert 1 == 2',
          retries: 1,
          attachments: [{ name: 'test.log', path: 'logs/a__a-2-0/test.log' }],
          extra: { code: 'TESTS_FAILED' },
        },
        {},
        {},
        { status: 'other', rawStatus: 'infra_error' },
        {},
        {},
        {},
      ],
    },
  });
});

test('a run without results is valid CTRF too', async () => {
  const none = writeRun([]);
  try {
    expect(validate(JSON.parse(await textOf(FORMATS['ctrf'], await none.open())))).toMatchObject({
      valid: true,
    });
  } finally {
    none.remove();
  }
});
