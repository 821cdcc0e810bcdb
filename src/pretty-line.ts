import { z } from 'zod';
import { harmlessLine, harmlessText } from './harmless-text.ts';

const ErrorLine = z.object({ stack: z.string(), code: z.string().optional().catch(undefined) });

const INDENT = ' '.repeat(4);
const LONGEST_HEAD = 4000;
/** Known to who sits at the terminal, or shown in a place of their own. */
const NOT_A_FIELD = ['level', 'time', 'process', 'host', 'pid', 'msg', 'err'];

/**
 * A line of a log for people: time of day, level, process, words, fields; below it the stack of its error. What a candidate
 * or a provider wrote into it can neither steer the terminal nor pass for a line of its own.
 */
export function prettyLine(line: string): string {
  const told: Record<string, unknown> = JSON.parse(line);
  const fields = Object.entries(told)
    .filter(([name]) => !NOT_A_FIELD.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const level = String(told['level']).toUpperCase().padEnd(5);
  const head = [String(told['time']).slice(11, 23), level, told['process'], told['msg'], ...fields];
  const stack = harmlessText(stackOf(told['err'])).split('\n').filter(Boolean);
  const lines = [
    harmlessLine(head.filter(Boolean).join('  '), LONGEST_HEAD),
    ...stack.map((text) => INDENT + text),
  ];
  return `${lines.join('\n')}\n`;
}

// As pino writes errors, and as whoever threw something else had it.
function stackOf(err: unknown): string {
  const told = ErrorLine.safeParse(err).data;
  if (!told) return err === undefined ? '' : JSON.stringify(err);
  return told.code ? `${told.code}: ${told.stack}` : told.stack;
}
