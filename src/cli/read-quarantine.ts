import { readFile } from 'node:fs/promises';
import { EvalpoolError } from '../errors.ts';

/** The ids of tasks in a quarantine file, one a line; blank lines and those that begin with # say nothing. Throws INPUT_UNREADABLE. */
export async function readQuarantine(path: string | undefined): Promise<Set<string> | null> {
  if (path === undefined) return null;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('INPUT_UNREADABLE', `${path} cannot be read: ${why}`, { cause: error });
  });
  const lines = text.split('\n').map((line) => line.trim());
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')));
}
