import { readFile } from 'node:fs/promises';
import { EvalpoolError } from '../errors.ts';
import type { QuarantineList } from '../reports/quarantine.ts';

/**
 * A quarantine file: a task's id a line, or its id, a tab and the name of one of its tests; blank lines and those that begin
 * with # say nothing. Null without a file. Throws INPUT_UNREADABLE.
 */
export async function readQuarantine(path: string | undefined): Promise<QuarantineList | null> {
  if (path === undefined) return null;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('INPUT_UNREADABLE', `${path} cannot be read: ${why}`, { cause: error });
  });
  const tasks = new Set<string>();
  const tests = new Map<string, Set<string>>();
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [task = '', ...name] = line.split('\t').map((part) => part.trim());
    if (name.length === 0) tasks.add(task);
    else tests.set(task, (tests.get(task) ?? new Set()).add(name.join(' ')));
  }
  return { tasks, tests };
}
