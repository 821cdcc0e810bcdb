import type { FieldProblem } from '../../problem.ts';
import { fieldProblem } from '../make-item.ts';

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Variables whose values may name others: `${NAME}` or `${NAME:-default}`. Those come from `known` alone: a task that others wrote
 * must not read this machine's environment.
 */
export function fillVariables(
  variables: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): { filled: Record<string, string> } | { problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const filled = Object.entries(variables).map(([name, value]): [string, string] => {
    const text = value.replaceAll(VARIABLE, (_, other: string, otherwise: string | undefined) => {
      const found = Object.hasOwn(known, other) ? known[other] : otherwise;
      if (found === undefined)
        problems.push(
          fieldProblem(`env.${name}`, `needs ${other}: give it as \`env\` in the table of templates`),
        );
      return found ?? '';
    });
    return [name, text];
  });
  return problems.length > 0 ? { problems } : { filled: Object.fromEntries(filled) };
}
