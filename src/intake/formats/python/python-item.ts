import { randomBytes } from 'node:crypto';
import type { SpecInput } from '../../../spec.ts';
import type { Item } from '../../read-specs.ts';
import { contentHash, validateSpec } from '../../validate-spec.ts';
import { badItem } from '../make-item.ts';
import { PYTHON_CHECKER } from './python-checker.ts';

/** Where the checker lies in the sandbox. */
const FOLDER = '/home/user/check';

/** A sample of Python and the tests that it must pass; docs/spec.md tells how they are kept apart. */
export interface PythonCheck {
  id: string;
  sample: number;
  dataset: string;
  /** The candidate's whole program, and which function of it the tests call. */
  code: string;
  entry: string;
  /** The author's text with functions that tests use, or ''. */
  prompt: string;
  /** Name and program of each test, which defines `check(candidate)`. */
  tests: ReadonlyArray<readonly [name: string, program: string]>;
  /** Deadline of all tests together, seconds. */
  timeoutS: number;
}

/** The spec of a check without repo, whose verdict hangs on a report that only the checker can write. */
export function pythonItem(check: PythonCheck, source: string): Item {
  // Hashed without the nonce, so that the same sample submitted again is the same spec.
  const hash = contentHash(makeSpec(check, ''));
  const checked = validateSpec(makeSpec(check, randomBytes(16).toString('hex')), 'local');
  if ('problems' in checked) return badItem(source, checked.problems);
  const bytes = JSON.stringify(checked.spec).length;
  return { candidate: { spec: checked.spec, contentHash: hash, source }, bytes };
}

function makeSpec({ id, sample, dataset, timeoutS, ...problem }: PythonCheck, nonce: string): SpecInput {
  return {
    id,
    sample,
    repoDir: FOLDER,
    files: { 'check.py': PYTHON_CHECKER, 'problem.json': JSON.stringify({ nonce, ...problem }) },
    // -I: nothing that the candidate writes beside the checker is ever imported by it.
    test: 'exec python3 -I check.py',
    report: { format: 'tap', path: `report-${nonce}.tap` },
    timeouts: { test: timeoutS },
    labels: { dataset },
  };
}
