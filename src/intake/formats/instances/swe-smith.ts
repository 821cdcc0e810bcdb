import { z } from 'zod';
import type { ReadFormat } from '../format-input.ts';
import { readJoined, type Dataset } from './join.ts';
import { unpack } from './packed-script.ts';
import { GithubRepo, Names, optionalText, Patch } from './swe-bench.ts';
import { sweSpec } from './swe-spec.ts';

const Instance = z.object({
  instance_id: z.string().min(1),
  repo: GithubRepo,
  patch: z.string().min(1),
  FAIL_TO_PASS: Names,
  PASS_TO_PASS: Names,
  image_name: optionalText,
  base_commit: optionalText,
});
type Instance = z.output<typeof Instance>;

const Prediction = z
  .object({ instance_id: z.string(), patch: Patch, model_name_or_path: optionalText })
  .transform(({ instance_id: id, patch, model_name_or_path: model }) => ({ id, patch, model }));

const SWE_SMITH: Dataset<Instance> = {
  name: 'swesmith',
  Instance,
  Prediction,
  id: ({ instance_id: id }) => id,
  image: ({ image_name: image }) => image,
  spec: (row, entry, from) =>
    sweSpec(
      {
        id: row.instance_id,
        dataset: 'swesmith',
        repo: row.repo,
        ref: row.base_commit,
        testPatch: undefined,
        setup: breakIt(row.patch),
        tests: [],
        logParser: from.logParser ?? 'pytest',
        expect: { failToPass: row.FAIL_TO_PASS, passToPass: row.PASS_TO_PASS },
      },
      entry,
      from,
    ),
  // The code before the bug is the solution: taken back as soon as it was put in, it also shows that the bug applies.
  gold: ({ patch }, spec) => ({ ...spec, build: unpack(patch, 'git apply -R') }),
};

/** SWE-smith's instances, whose patch puts the bug in, with predictions; with `gold` it is taken out again. */
export const readSweSmith: ReadFormat = (from) => readJoined(SWE_SMITH, from);

// Committed, so that a submission that needs git's 3-way merge has something to merge with.
function breakIt(patch: string): string {
  const commit =
    'git -c user.name=evalpool -c user.email=evalpool -c core.hooksPath=/dev/null commit -qam bug';
  return `${unpack(patch, 'git apply --index')}${commit}`;
}
