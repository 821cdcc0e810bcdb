import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import { writeExport } from '../../../src/reports/formats/write-export.ts';
import { failure, rowsOf, RESULTS, writeRun } from './a-run.ts';

const ended = (id: string, code: string, outcome = 'failed'): object => ({
  id,
  outcome,
  labels: { model: 'm/1' },
  reason: code.toLowerCase(),
  failure: failure(code, 'test', 'why'),
});
const written = writeRun([
  ...RESULTS,
  { id: '../../escaped', outcome: 'failed', labels: { model: '../..' } },
  ended('empty', 'EMPTY_PATCH'),
  ended('no-apply', 'PATCH_FAILED'),
  ended('no-tests', 'NO_TESTS'),
  ended('unheard-of', 'OF_A_LATER_VERSION', 'infra_error'),
]);
afterAll(() => written.remove());

const out = join(written.folder, 'swe-bench');
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(out, ...path), 'utf8'));
const patchOf = (runId: string): string =>
  readFileSync(join(out, 'logs', 'run_evaluation', runId, 'm__1', 'a__a-2', 'patch.diff'), 'utf8');
const INSTANCES = join('logs', 'run_evaluation', 'night', 'm__1');

const PREDICTIONS = [
  { instance_id: 'a__a-1', model_name_or_path: 'm/1', model_patch: 'diff --git a b\n' },
  { instance_id: 'a__a-2', model_name_or_path: 'm/1', model_patch: 'first' },
  { instance_id: 'a__a-2', model_name_or_path: 'm/1', model_patch: 'second' },
  { instance_id: '../../../../../../escaped', model_name_or_path: '../..', model_patch: 'x' },
  { instance_id: 'empty', model_name_or_path: 'm/1', model_patch: null },
];

test('SWE-bench finds its run report, with whose fault each instance was', async () => {
  const format = FORMATS['swebench'];
  if (format)
    await writeExport(format, { run: await written.open(), wishes: { samples: rowsOf(PREDICTIONS) }, out });
  expect(read('m__1.night.json')).toEqual({
    total_instances: 9,
    submitted_instances: 9,
    completed_instances: 3,
    resolved_instances: 1,
    unresolved_instances: 2,
    infra_failure_instances: 2,
    ambiguous_failure_instances: 1,
    empty_patch_instances: 1,
    error_instances: 2,
    submitted_ids: [
      'a__a-1',
      'a__a-2',
      'a__a-4',
      'a__a-5',
      'a__a-6',
      'empty',
      'no-apply',
      'no-tests',
      'unheard-of',
    ],
    completed_ids: ['a__a-1', 'a__a-2', 'no-tests'],
    incomplete_ids: ['a__a-6'],
    resolved_ids: ['a__a-1'],
    unresolved_ids: ['a__a-2', 'no-tests'],
    infra_failure_ids: ['a__a-4', 'unheard-of'],
    ambiguous_failure_ids: ['no-tests'],
    empty_patch_ids: ['empty'],
    error_ids: ['a__a-5', 'no-apply'],
    failure_reasons: {
      'a__a-4': 'container_unavailable',
      'a__a-5': 'ref',
      'no-apply': 'patch_failed',
      'no-tests': 'no_tests_collected',
      'unheard-of': 'of_a_later_version',
    },
    schema_version: 2,
  });
});

test('each instance has its folder, with a report where the harness writes one', () => {
  expect(read(INSTANCES, 'a__a-2', 'report.json')).toEqual({
    'a__a-2': {
      patch_is_None: false,
      patch_exists: true,
      patch_successfully_applied: true,
      resolved: false,
      infra_failure: false,
    },
  });
  expect(read(INSTANCES, 'a__a-4', 'report.json')).toMatchObject({
    'a__a-4': {
      infra_failure: true,
      infra_failure_reason: 'container_unavailable',
      patch_successfully_applied: false,
    },
  });
  expect(existsSync(join(out, INSTANCES, 'no-apply', 'report.json'))).toBe(false);
  expect(readFileSync(join(out, INSTANCES, 'a__a-2', 'test_output.txt'), 'utf8')).toContain('assert 1 == 2');
  expect(readFileSync(join(out, INSTANCES, 'a__a-2', 'run_instance.log'), 'utf8')).toContain(
    'TESTS_FAILED: 1 of 2',
  );
  expect(readFileSync(join(out, INSTANCES, 'a__a-1', 'patch.diff'), 'utf8')).toBe('diff --git a b\n');
});

test('further samples are runs of their own', () => {
  expect([patchOf('night'), patchOf('night.1')]).toEqual(['first', 'second']);
  expect(read('m__1.night.1.json')).toMatchObject({ total_instances: 1, resolved_ids: ['a__a-2'] });
});

test('no name, however hostile, leaves the folder or takes that of another', () => {
  expect(existsSync(join(written.folder, '..', 'escaped'))).toBe(false);
  expect(readdirSync(join(out, 'logs', 'run_evaluation', 'night'))).toHaveLength(3);
  expect(readdirSync(written.folder).toSorted()).toEqual([
    'logs',
    'results.jsonl',
    'summary.json',
    'swe-bench',
  ]);
});
