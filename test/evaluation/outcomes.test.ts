import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERRORS, EvalpoolError, outcomeOf, type ErrorCode } from '../../src/errors.ts';
import { CASES } from './outcome-cases.ts';
import type { Scene } from './outcome-scene.ts';
import { makeRepo, openBench, type Tried } from './try-spec.ts';

interface Row {
  stage: string;
  cause: string;
  outcome: string;
  reason: string;
  code: string;
}

const ROWS: Row[] = readFileSync(join(import.meta.dirname, '../../docs/outcomes.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 7 && cells[1] !== 'stage' && !cells[1]?.startsWith('-'))
  .map(([, stage = '', cause = '', outcome = '', reason = '', code = '']) => ({
    stage,
    cause: cause.replace(/ \*$/, ''),
    outcome,
    reason,
    code,
  }));

const scene: Scene = { bench: await openBench(), repo: '', closing: [] };
beforeAll(() => {
  scene.repo = makeRepo(scene.bench.folder, { 'a.txt': 'one\n' }).path;
});
afterAll(async () => {
  for (const close of scene.closing) await close();
  await scene.bench.close();
});

test('docs/outcomes.md and this file name the same causes', () => {
  expect(ROWS.map((row) => `${row.stage}: ${row.cause}`)).toEqual(Object.keys(CASES));
});

test.each(ROWS)('$stage: $cause → $outcome $code', async (row) => {
  const [spec, change] = (await CASES[`${row.stage}: ${row.cause}`]?.(scene)) ?? [];
  const tried = await scene.bench.attempt(spec ?? {}, change);
  expect(endOf(tried, row)).toEqual(row);
});

// What happens before or after the stages is not theirs, and the verdict read in collect is that of the tests.
function stageOf(tried: Tried, { stage }: Row): string {
  if (stage === 'before' || tried.code === '') return stage;
  return stage === 'collect' && tried.stage === 'test' ? stage : tried.stage;
}

function endOf(tried: Tried, row: Row): Row {
  const seen = { stage: stageOf(tried, row), cause: row.cause };
  if (tried.code === '') return { ...seen, outcome: 'passed', reason: '', code: '' };
  const error = new EvalpoolError(codeOf(tried.code), tried.message);
  const confirmed = error.kind.confirm === true ? ', confirmed' : '';
  return {
    ...seen,
    outcome: `${outcomeOf(error.code)}${confirmed}`,
    reason: error.kind.reason,
    code: error.code,
  };
}

function codeOf(code: string): ErrorCode {
  if (isCode(code)) return code;
  throw new Error(`not one of our errors: ${code}`);
}

function isCode(code: string): code is ErrorCode {
  return code in ERRORS;
}
