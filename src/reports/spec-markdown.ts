import { specJsonSchema } from '../spec.ts';

interface Field {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Field>;
  additionalProperties?: Field | boolean;
  items?: Field;
  anyOf?: Field[];
  required?: string[];
}

/** The fields of a spec as a table in Markdown: name, form, default, meaning. */
export function specMarkdown(): string {
  const schema: Field = specJsonSchema();
  return ['| field | form | default | meaning |', '|---|---|---|---|', ...rows(schema, '')].join('\n');
}

function rows(node: Field, above: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const path = `${above}${name}`;
    const required = node.required?.includes(name) ?? false;
    const row = [`\`${path}\``, form(field), defaultOf(field, required), field.description ?? ''];
    return [`| ${row.map(cell).join(' | ')} |`, ...rows(field, `${path}.`)];
  });
}

function form(field: Field): string {
  if (field.enum) return field.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (field.anyOf) return field.anyOf.map(form).join(' or ');
  if (field.type === 'array') return `list of ${field.items ? form(field.items) : 'anything'}`;
  if (field.type !== 'object') return WORDS[field.type ?? ''] ?? 'anything';
  if (typeof field.additionalProperties === 'object') return `name → ${form(field.additionalProperties)}`;
  return `{${Object.keys(field.properties ?? {}).join(', ')}}`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true, false',
};

function defaultOf(field: Field, required: boolean): string {
  if (required) return '*required*';
  // The inner fields tell their own.
  if (field.default === undefined || field.properties) return '–';
  return `\`${JSON.stringify(field.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
