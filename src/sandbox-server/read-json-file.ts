import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { EvalpoolError } from '../errors.ts';
import { explainShape } from './explain-shape.ts';

/** What a JSON file that a flag names holds, in its shape. Throws USAGE: flag, file, field, what was expected and what was there. */
export function readJsonFile<T>(flag: string, path: string, shape: z.ZodType<T>): T {
  const value = parse(flag, read(flag, path));
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EvalpoolError('USAGE', `${flag}: ${explainShape(parsed.error, value)}`);
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('USAGE', `${flag}: expected a known name or a file that can be read: ${why}`, {
      cause: error,
    });
  }
}

function parse(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('USAGE', `${flag}: expected JSON: ${why}`, { cause: error });
  }
}
