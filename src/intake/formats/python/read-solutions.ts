import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Row } from '../read-rows.ts';

/**
 * The samples of a folder as EvalPlus writes it: `HumanEval_0/0.py` is a sample of `HumanEval/0`. Undefined if it is no folder, or
 * one of JSON Lines.
 */
export async function readSolutions(path: string): Promise<AsyncGenerator<Row> | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const entries = await readdir(path, { withFileTypes: true });
  if (entries.some(({ name }) => name.endsWith('.jsonl'))) return undefined;
  return solutionsOf(
    resolve(path),
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  );
}

async function* solutionsOf(folder: string, tasks: string[]): AsyncGenerator<Row> {
  for (const task of tasks.toSorted(byNumber)) {
    const names = (await readdir(join(folder, task))).filter((name) => name.endsWith('.py'));
    for (const name of names.toSorted(byNumber)) {
      const source = join(folder, task, name);
      const solution = await readFile(source, 'utf8');
      const value = { task_id: task.replace(/_(\d+)$/, '/$1'), solution };
      yield { source, value, key: undefined, bytes: solution.length };
    }
  }
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
