import { z } from 'zod';
import type { ReadFormat } from '../format-input.ts';
import { readJoined, type Dataset } from './join.ts';
import { optionalText, Patch } from './swe-bench.ts';
import { filesOfDiff, sweSpec } from './swe-spec.ts';

const part = z.string().regex(/^[A-Za-z0-9_.-]+$/, 'a name at GitHub');
const number = z.union([z.int(), z.string().regex(/^\d+$/, 'a number')]);
const tests = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((named) => Object.keys(named ?? {}));

const Instance = z.object({
  instance_id: optionalText,
  org: part,
  repo: part,
  number,
  base: z.object({ sha: z.string().min(1) }),
  fix_patch: optionalText,
  test_patch: optionalText,
  f2p_tests: tests,
  p2p_tests: tests,
  s2p_tests: tests,
  n2p_tests: tests,
});
type Instance = z.output<typeof Instance>;

const Prediction = z
  .object({
    org: z.string(),
    repo: z.string(),
    number,
    fix_patch: Patch,
    model_name_or_path: optionalText,
  })
  .transform((row) => ({ id: idOf(row), patch: row.fix_patch, model: row.model_name_or_path }));

const MULTI_SWE_BENCH: Dataset<Instance> = {
  name: 'multi-swe-bench',
  Instance,
  Prediction,
  id: idOf,
  image: ({ org, repo, number: pr }) => `mswebench/${org}_m_${repo}:pr-${pr}`.toLowerCase(),
  spec: (row, entry, from) =>
    sweSpec(
      {
        id: idOf(row),
        dataset: 'multi-swe-bench',
        repo: `${row.org}/${row.repo}`,
        ref: row.base.sha,
        testPatch: row.test_patch,
        tests: filesOfDiff(row.test_patch ?? ''),
        logParser: undefined,
        expect: {
          failToPass: [...row.f2p_tests, ...row.s2p_tests, ...row.n2p_tests],
          passToPass: row.p2p_tests,
        },
      },
      entry,
      from,
    ),
  gold: ({ fix_patch: patch }, spec) => (patch === undefined ? undefined : { ...spec, patch }),
};

/** Multi-SWE-bench's instances with predictions, or their gold patches. */
export const readMultiSweBench: ReadFormat = (from) => readJoined(MULTI_SWE_BENCH, from);

// As its reports have it.
function idOf(row: { org: string; repo: string; number: string | number }): string {
  return `${row.org}/${row.repo}:pr-${row.number}`;
}
