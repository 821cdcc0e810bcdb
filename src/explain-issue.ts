import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { harmlessLine } from './harmless-text.ts';

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

/** What was to be there. */
export interface Shape {
  /** In words, as in "is no field of a spec". */
  name: string;
  /** Its JSON Schema, for the names of its fields. */
  schema: SchemaNode;
}

/** What is wrong with one field. `field` is '' where it is the whole. */
export interface Finding {
  field: string;
  message: string;
}

/** A finding of zod's in plain words: which field, what was expected, what was there. */
export function explainIssue(issue: Issue, value: unknown, shape: Shape, above: Path = []): Finding[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(shape, path, key));
  if (issue.code === 'invalid_union') {
    const nearest = issue.errors.find((branch) => (branch[0]?.path.length ?? 0) > 0);
    if (nearest) return nearest.flatMap((inner) => explainIssue(inner, value, shape, path));
  }
  const found = valueAt(value, path);
  const message =
    found === undefined
      ? `is required: ${expected(issue)}`
      : `expected ${expected(issue)}, there was ${describeValue(issue.code === 'invalid_key' ? path.at(-1) : found)}`;
  return [{ field: fieldName(path), message: harmlessLine(message, 400) }];
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

function unknownField(shape: Shape, path: Path, key: string): Finding {
  const hint = nearestOf(key, fieldsAt(shape.schema, path));
  return {
    field: fieldName([...path, key]),
    message: harmlessLine(`is no field of ${shape.name}; ${hint}`, 400),
  };
}

/** What somebody may have meant who wrote `word`, or all that is known. */
export function nearestOf(word: string, known: readonly string[]): string {
  const near = known.length > 0 ? closest(word, known) : '';
  const isNear =
    near !== '' && distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(2, word.length / 2);
  return isNear ? `did you mean "${near}"?` : `known here: ${known.slice(0, 40).join(', ') || 'none'}`;
}

function fieldsAt(schema: SchemaNode, path: Path): string[] {
  let nodes: SchemaNode[] = [schema];
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

/** What a value is, short enough for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object (${Object.keys(value).length} fields)`;
  if (typeof value === 'string' && value.length > 60) return `text of ${value.length} characters`;
  return harmlessLine(JSON.stringify(value), 80);
}
