import { z } from 'zod';
import { EvalpoolError } from '../errors.ts';
import { answersOf } from '../evaluation/verdict/find-expected.ts';
import { readWhole } from '../intake/formats/read-rows.ts';
import type { Wishes } from '../reports/formats/format.ts';
import { expectSpec } from '../what-decides.ts';

const Instance = z.object({
  instance_id: z.string(),
  FAIL_TO_PASS: z.unknown(),
  PASS_TO_PASS: z.unknown(),
  eval_type: z.string().nullish(),
});

/** Which of an instance's expected tests came out as they should: as they are judged, from SWE-bench's instances. Throws INPUT_UNREADABLE. */
export async function readInstanceTests(path: string): Promise<NonNullable<Wishes['instances']>> {
  const lists = new Map<string, { failToPass: string[]; passToPass: string[]; missing: boolean }>();
  for await (const { source, key, value } of readWhole(path)) {
    const row = Instance.safeParse({ instance_id: key, ...Object(value) });
    const expected = expectSpec.safeParse({
      failToPass: row.data?.FAIL_TO_PASS,
      passToPass: row.data?.PASS_TO_PASS,
    });
    if (!row.success || !expected.success)
      throw new EvalpoolError(
        'INPUT_UNREADABLE',
        `${source}: expected an instance with FAIL_TO_PASS and PASS_TO_PASS`,
      );
    const { failToPass = [], passToPass = [] } = expected.data;
    lists.set(row.data.instance_id, { failToPass, passToPass, missing: row.data.eval_type === 'fail_only' });
  }
  return (id, tests) => {
    const named = lists.get(id);
    if (!named) return undefined;
    const answers = answersOf(tests.map(({ name, status }) => ({ name, status })));
    const { failToPass, passToPass, missing } = named;
    return {
      failToPass: split(failToPass, (name) => answers(name)?.passed ?? missing),
      passToPass: split(passToPass, (name) => answers(name)?.kept ?? missing),
    };
  };
}

function split(
  names: readonly string[],
  isGood: (name: string) => boolean,
): { success: string[]; failure: string[] } {
  return { success: names.filter(isGood), failure: names.filter((name) => !isGood(name)) };
}
