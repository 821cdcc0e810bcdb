import type { Item } from './read-specs.ts';

/**
 * The items with every doubled (id, sample) turned into a problem that names both lines. Keeps all ids in memory: for a
 * look before anything is accepted; acceptance itself finds doubles in the database.
 */
export async function* withoutDoubles(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const seen = new Map<string, string>();
  for await (const item of items) {
    if ('bad' in item) {
      yield item;
      continue;
    }
    const { spec, source } = item.candidate;
    const key = `${spec.sample ?? 0} ${spec.id}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, source ?? '');
      yield item;
      continue;
    }
    const message = `"${spec.id}" sample ${spec.sample ?? 0} is there already: ${first}`;
    yield { bad: { source: source ?? '', problems: [{ code: 'SPEC_DUPLICATE', field: 'id', message }] } };
  }
}
