import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { explainIssue, type Finding, type Shape } from '../explain-issue.ts';
import { harmlessLine } from '../harmless-text.ts';
import { specJsonSchema } from '../spec.ts';

/** What is wrong with one field of a spec. `field` is '' where it is the line as a whole. */
export interface FieldProblem extends Finding {
  code: ErrorCode;
}

const SPEC: Shape = { name: 'a spec', schema: specJsonSchema() };

/** What zod found wrong with a line, field by field. `shape`: what the line was to be. */
export function findProblems(error: z.ZodError, value: unknown, shape = SPEC): FieldProblem[] {
  const findings = error.issues.flatMap((issue) => explainIssue(issue, value, shape));
  return findings.map((finding) => ({ code: 'SPEC_INVALID', ...finding }));
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
