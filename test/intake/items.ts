import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { problemText } from '../../src/intake/problem.ts';
import type { Item } from '../../src/intake/read-specs.ts';

/** Writes a file with its folders. */
export function write(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Everything of a stream. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Ids of valid specs, and `source: what is wrong` of the others, without the folder. */
export function brief(items: readonly Item[], folder: string): string[] {
  return items.map((item) => {
    const text =
      'candidate' in item ? item.candidate.spec.id : `${item.bad.source}: ${problemText(item.bad.problems)}`;
    return text.replaceAll(`${folder}/`, '');
  });
}
