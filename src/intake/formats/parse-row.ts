import type { z } from 'zod';
import { findProblems, type FieldProblem } from '../problem.ts';

/** A row as the form has it, or all that is wrong with it. */
export function parseRow<T>(value: unknown, form: z.ZodType<T>): { value: T } | { problems: FieldProblem[] } {
  const parsed = form.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  return { problems: findProblems(parsed.error, value) };
}
