import type { ErrorCode } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';

/** What is wrong with one field of a spec. `field` is '' where it is the line as a whole. */
export interface FieldProblem {
  code: ErrorCode;
  field: string;
  message: string;
}

/** An input line that is no spec, with all that is wrong with it. `source`: `file:line`. */
export interface BadLine {
  source: string;
  problems: FieldProblem[];
}

const MOST_PROBLEMS = 8;

/** All that is wrong with a line as one line of text, without its source. */
export function problemText(problems: readonly FieldProblem[]): string {
  const told = problems.slice(0, MOST_PROBLEMS).map(({ field, message }) => {
    return field ? `${harmlessLine(field, 100)}: ${message}` : message;
  });
  if (problems.length > MOST_PROBLEMS) told.push(`and ${problems.length - MOST_PROBLEMS} more`);
  return told.join('; ');
}

/** What a value is, short enough for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object (${Object.keys(value).length} fields)`;
  if (typeof value === 'string' && value.length > 60) return `text of ${value.length} characters`;
  return harmlessLine(JSON.stringify(value), 80);
}
