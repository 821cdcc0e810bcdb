import type { Item } from './read-specs.ts';
import { MAX_SAMPLE } from './validate-spec.ts';

/**
 * The items with every spec `times` times over, as samples of its task: sample s becomes samples s·times to s·times +
 * times − 1, so that the same command again finds what it had accepted, and a higher number adds to a task with one sample.
 * The copies keep the content hash of their original: it says that they must come out alike.
 */
export async function* repeatSpecs(items: AsyncIterable<Item>, times: number): AsyncGenerator<Item> {
  for await (const item of items) {
    if ('bad' in item) {
      yield item;
      continue;
    }
    const { candidate, bytes } = item;
    const first = (candidate.spec.sample ?? 0) * times;
    if (first + times - 1 > MAX_SAMPLE) {
      const message = `times ${times} is above ${MAX_SAMPLE}: lower it, or --repeat`;
      const problems = [{ code: 'SPEC_INVALID' as const, field: 'sample', message }];
      yield { bad: { source: candidate.source ?? '', problems } };
      continue;
    }
    for (let copy = 0; copy < times; copy += 1) {
      yield { candidate: { ...candidate, spec: { ...candidate.spec, sample: first + copy } }, bytes };
    }
  }
}
