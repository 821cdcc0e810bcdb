import { z } from 'zod';
import { readPythonList } from '../../../python-list.ts';
import type { ReadFormat } from '../format-input.ts';
import { readJoined, type Dataset } from './join.ts';
import { jsonOf } from '../json-text.ts';
import { fieldProblem } from '../make-item.ts';
import { GithubRepo, Names, optionalText, Patch } from './swe-bench.ts';
import { sweSpec } from './swe-spec.ts';

const Instance = z.object({
  instance_id: z.string().min(1),
  repo: GithubRepo,
  base_commit: z.string().min(1),
  patch: optionalText,
  test_patch: optionalText,
  fail_to_pass: Names,
  pass_to_pass: Names,
  before_repo_set_cmd: optionalText,
  selected_test_files_to_run: Names,
  dockerhub_tag: optionalText,
});
type Instance = z.output<typeof Instance>;

const Prediction = z
  .object({ instance_id: z.string(), patch: Patch, prefix: optionalText })
  .transform(({ instance_id: id, patch, prefix: model }) => ({ id, patch, model }));

const SWE_BENCH_PRO: Dataset<Instance> = {
  name: 'swebench-pro',
  Instance,
  Prediction,
  id: ({ instance_id: id }) => id,
  image: ({ dockerhub_tag: tag }) => tag,
  spec: (row, entry, from) => {
    const tests = listOf(row.selected_test_files_to_run);
    if (tests === undefined)
      return { problems: [fieldProblem('selected_test_files_to_run', 'expected a list of names')] };
    const inTemplate = entry.repoDir !== undefined;
    return sweSpec(
      {
        id: row.instance_id,
        dataset: 'swebench-pro',
        repo: row.repo,
        ref: row.base_commit,
        // A clone of the one commit lacks the other that the author's command takes the tests from.
        testPatch: inTemplate ? undefined : row.test_patch,
        ...(inTemplate ? partsOf(row.before_repo_set_cmd ?? '') : {}),
        tests,
        logParser: undefined,
        expect: { failToPass: row.fail_to_pass, passToPass: row.pass_to_pass },
      },
      entry,
      from,
    );
  },
  gold: ({ patch }, spec) => (patch === undefined ? undefined : { ...spec, patch }),
};

/** SWE-bench Pro's instances with predictions, or their gold patches. */
export const readSweBenchPro: ReadFormat = (from) => readJoined(SWE_BENCH_PRO, from);

// Its last line brings the author's tests, after the patch; what comes before it makes the checkout clean.
function partsOf(command: string): { setup: string | undefined; before: string | undefined } {
  const lines = command.trim().split('\n');
  const before = lines.pop() || undefined;
  return { setup: lines.join('\n') || undefined, before };
}

function listOf(names: string[] | string): string[] | undefined {
  if (typeof names !== 'string') return names;
  const list = z.array(z.string()).safeParse(jsonOf(names) ?? readPythonList(names));
  return list.data;
}
