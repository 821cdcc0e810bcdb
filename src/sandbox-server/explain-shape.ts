import type { z } from 'zod';

const SHOWN = 3;
const LONGEST_VALUE = 80;

/** Zod's findings in one line: each field, what was expected and what was there. */
export function explainShape(error: z.ZodError, value: unknown): string {
  const told = error.issues.slice(0, SHOWN).map((issue) => explain(issue, value));
  const more = error.issues.length - told.length;
  return told.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function explain(issue: z.core.$ZodIssue, value: unknown): string {
  const field = issue.path.map(String).join('.') || 'the whole';
  const found = issue.path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
    value,
  );
  const there = found === undefined ? 'nothing' : (JSON.stringify(found) ?? typeof found);
  return `${field}: ${issue.message}, got ${there.slice(0, LONGEST_VALUE)}`;
}
