import type { SpecInput } from '../../spec.ts';
import type { FieldProblem } from '../problem.ts';
import type { Item } from '../read-specs.ts';
import { contentHash, validateSpec } from '../validate-spec.ts';

/** A spec that a format made, checked as one that a user wrote. `bytes`: about its size. */
export function makeItem(spec: SpecInput, from: { source: string; bytes: number }): Item {
  const checked = validateSpec(spec, 'local');
  if ('problems' in checked) return badItem(from.source, checked.problems);
  const candidate = { spec: checked.spec, contentHash: contentHash(checked.spec), source: from.source };
  return { candidate, bytes: from.bytes };
}

/** A line that is no spec. */
export function badItem(source: string, problems: FieldProblem[]): Item {
  return { bad: { source, problems } };
}

/** One thing that is wrong with a field. */
export function fieldProblem(field: string, message: string): FieldProblem {
  return { code: 'SPEC_INVALID', field, message };
}
