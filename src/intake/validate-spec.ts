import { hash } from 'node:crypto';
import { needsPath } from '../report-format.ts';
import { MAX_SUBMISSION_BYTES, Spec, type Content, type SpecInput } from '../spec.ts';
import { checkRepo, type Permit } from './check-repo.ts';
import { findProblems, type FieldProblem } from './problem.ts';

/** A spec as its author wrote it (local paths made absolute), or all that is wrong with it. */
export type Validated = { spec: SpecInput } | { problems: FieldProblem[] };

/** `sample` is an integer of the database. */
export const MAX_SAMPLE = 2_147_483_647;

/** Checks one spec: form, meaning, and what its submitter is permitted. Relative paths are taken from `folder`. */
export function validateSpec(value: unknown, permit: Permit, folder: string = process.cwd()): Validated {
  const parsed = Spec.safeParse(value);
  if (!parsed.success || !isInput(value)) {
    return { problems: parsed.error ? findProblems(parsed.error, value) : [] };
  }
  const problems = checkMeaning(parsed.data);
  const checked = value.repo === undefined ? undefined : checkRepo(value.repo, permit, folder);
  if (checked && 'refused' in checked) {
    problems.push({ code: 'REPO_FORBIDDEN', field: 'repo', message: checked.refused });
  }
  if (problems.length > 0) return { problems };
  return { spec: checked ? { ...value, ...checked } : value };
}

// Asked only of what zod has just read without complaint.
function isInput(value: unknown): value is SpecInput {
  return typeof value === 'object';
}

/** What tells a spec from another of the same id and sample: SHA-256 of its JSON with sorted fields. */
export function contentHash(spec: SpecInput): string {
  return hash('sha256', JSON.stringify(sorted(spec)));
}

function checkMeaning(spec: Spec): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const refuse = (field: string, message: string): void => {
    problems.push({ code: 'SPEC_INVALID', field, message });
  };
  if (/\p{Surrogate}/u.test(spec.id)) refuse('id', 'expected well-formed Unicode');
  if (spec.sample > MAX_SAMPLE) refuse('sample', `expected a number at most ${MAX_SAMPLE}`);
  if (spec.test.trim() === '') refuse('test', 'expected a script, there was only blank space');
  if (spec.ref?.startsWith('-')) refuse('ref', 'starts with "-", which git would read as an option');
  if (spec.report && needsPath(spec.report.format) && spec.report.path === undefined) {
    refuse('report.path', `is required: where the test script leaves its ${spec.report.format} report`);
  }
  if (spec.expect && !spec.report)
    refuse('report', 'is required: `expect` names tests that only a report tells');
  const bytes = submissionBytes(spec);
  if (bytes > MAX_SUBMISSION_BYTES) {
    refuse(
      'files',
      `expected at most ${MAX_SUBMISSION_BYTES} bytes in patch, testPatch and files, there were ${bytes}`,
    );
  }
  return problems;
}

function submissionBytes(spec: Spec): number {
  const parts = [spec.patch, spec.testPatch, ...Object.values(spec.files ?? {})];
  return parts.reduce((sum, part) => sum + sizeOf(part), 0);
}

function sizeOf(part: Content | undefined): number {
  if (part === undefined) return 0;
  return typeof part === 'string' ? Buffer.byteLength(part) : Buffer.byteLength(part.base64, 'base64');
}

// Sorted copies, then one native stringify: half the time of writing the text by hand.
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const fields = Object.entries(value).map(([key, field]): [string, unknown] => [key, sorted(field)]);
  return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
