import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { harmlessLine } from '../harmless-text.ts';
import { specJsonSchema } from '../spec.ts';
import { describeValue, type FieldProblem } from './problem.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  anyOf?: SchemaNode[];
}

const WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const SCHEMA: SchemaNode = specJsonSchema();

/** A finding of zod's in plain words: which field, what was expected, what was there. */
export function explainIssue(issue: Issue, value: unknown, above: Path = []): FieldProblem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(path, key));
  if (issue.code === 'invalid_union') {
    const nearest = issue.errors.find((branch) => (branch[0]?.path.length ?? 0) > 0);
    if (nearest) return nearest.flatMap((inner) => explainIssue(inner, value, path));
  }
  const found = valueAt(value, path);
  const message =
    found === undefined
      ? `is required: ${expected(issue)}`
      : `expected ${expected(issue)}, there was ${describeValue(issue.code === 'invalid_key' ? path.at(-1) : found)}`;
  return [{ code: 'SPEC_INVALID', field: fieldName(path), message: harmlessLine(message, 400) }];
}

function expected(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return WORDS[issue.expected] ?? issue.expected;
    case 'invalid_union':
      return issue.errors.flatMap((branch) => (branch[0] ? [expected(branch[0])] : [])).join(' or ');
    case 'invalid_value':
      return `one of ${issue.values.map((one) => JSON.stringify(one)).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return issue.format === 'base64' ? 'bytes in base64' : issue.message;
    case 'invalid_key':
      return `a name that is ${issue.issues.map(expected).join(' and ')}`;
    case 'custom':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') return `text of ${relation} ${limit} character${limit === 1 ? '' : 's'}`;
  if (origin === 'array') return `a list of ${relation} ${limit}`;
  return `a number ${relation} ${limit}`;
}

function unknownField(path: Path, key: string): FieldProblem {
  const known = fieldsAt(path);
  const near = known.length > 0 ? closest(key, known) : '';
  const isNear =
    near !== '' && distance(key.toLowerCase(), near.toLowerCase()) <= Math.max(2, key.length / 2);
  const hint = isNear ? `did you mean "${near}"?` : `known here: ${known.slice(0, 40).join(', ') || 'none'}`;
  return {
    code: 'SPEC_INVALID',
    field: fieldName([...path, key]),
    message: harmlessLine(`is no field of a spec; ${hint}`, 400),
  };
}

function fieldsAt(path: Path): string[] {
  let nodes: SchemaNode[] = [SCHEMA];
  for (const step of path) nodes = nodes.flatMap((node) => below(node, String(step)));
  return nodes.flatMap(flatten).flatMap((node) => Object.keys(node.properties ?? {}));
}

function below(node: SchemaNode, step: string): SchemaNode[] {
  return flatten(node).flatMap((one) => {
    const more = typeof one.additionalProperties === 'object' ? one.additionalProperties : undefined;
    return one.properties?.[step] ?? more ?? [];
  });
}

function flatten(node: SchemaNode): SchemaNode[] {
  return node.anyOf ?? [node];
}

function fieldName(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(value: unknown, path: Path): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}
