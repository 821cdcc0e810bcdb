import picomatch from 'picomatch';
import type { Item } from './read-specs.ts';

/** Says which specs are wanted. */
export interface Pick {
  /** `label=value`, or a glob over ids; all must match. */
  filters: readonly string[];
  /** At most this many specs. */
  limit: number | undefined;
}

/** The items that the filters want, up to the limit; lines that are no specs pass, since nobody knows what they are. */
export async function* pickSpecs(items: AsyncIterable<Item>, pick: Pick): AsyncGenerator<Item> {
  const tests = pick.filters.map(makeFilter);
  let left = pick.limit ?? Infinity;
  if (left <= 0) return;
  for await (const item of items) {
    if ('candidate' in item) {
      const { id, labels } = item.candidate.spec;
      if (!tests.every((test) => test(id, labels ?? {}))) continue;
      left -= 1;
    }
    yield item;
    if (left <= 0) return;
  }
}

function makeFilter(filter: string): (id: string, labels: Record<string, string>) => boolean {
  const at = filter.indexOf('=');
  if (at > 0) {
    const [label, value] = [filter.slice(0, at), filter.slice(at + 1)];
    return (_id, labels) => labels[label] === value;
  }
  return idGlob(filter);
}

/** A glob over ids (or images). Slashes are part of many (HumanEval/0), so that * crosses them. */
export function idGlob(glob: string): (id: string) => boolean {
  const matches = picomatch(glob.replaceAll('/', '\u0001'), { bash: true, dot: true });
  return (id) => matches(id.replaceAll('/', '\u0001'));
}
