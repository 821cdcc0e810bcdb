import type { z } from 'zod';
import { UnreadableReport } from './reported.ts';

// Every value costs JSON.parse some 50 bytes of memory, however short it is written.
const MAX_VALUES = 3_000_000;
const MAX_DEPTH = 200;

/**
 * The one JSON object in a text, which may have lines of a package manager around it: from the first line that begins with
 * `{` to the last `}`. Throws UnreadableReport.
 */
export function parseDocument(text: string): unknown {
  const begin = /^[ \t]*\{/m.exec(text)?.index;
  if (begin === undefined) throw new UnreadableReport('it holds no JSON object');
  const json = text.slice(begin, text.lastIndexOf('}') + 1);
  refuseTooMuch(json);
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UnreadableReport(`it is not whole JSON: ${String(error).slice(0, 200)}`);
  }
}

/** A value as `form` has it. Throws UnreadableReport, naming the first thing that is not so. */
export function shapeOf<T>(form: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnreadableReport(`${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

function refuseTooMuch(json: string): void {
  let [values, depth] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') at = endOfText(json, at);
    else if (character === ',') values += 1;
    else if (character === '{' || character === '[') [values, depth] = [values + 1, depth + 1];
    else if (character === '}' || character === ']') depth -= 1;
    if (values > MAX_VALUES) throw new UnreadableReport(`it has more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) throw new UnreadableReport(`its values lie more than ${MAX_DEPTH} deep`);
  }
}

function endOfText(json: string, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at;
  }
  return json.length;
}
