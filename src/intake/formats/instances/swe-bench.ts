import { z } from 'zod';
import type { SpecInput } from '../../../spec.ts';
import { readJoined, type Dataset } from './join.ts';
import type { ReadFormat } from '../format-input.ts';
import { fitScript } from './packed-script.ts';
import { filesOfDiff, sweSpec } from './swe-spec.ts';

/** A list of names, or one as a text (JSON, or as Python writes it). */
export const Names = z.union([z.array(z.string()), z.string()]);
/** A submission; null is an empty one. */
export const Patch = z.union([z.string(), z.null()]);
/** `owner/name` at GitHub. */
export const GithubRepo = z.string().regex(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, 'owner/name');
/** Text that a row may lack, or have as null. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);

const Instance = z.object({
  instance_id: z.string().min(1),
  repo: GithubRepo,
  base_commit: z.string().min(1),
  patch: optionalText,
  test_patch: optionalText,
  FAIL_TO_PASS: Names,
  PASS_TO_PASS: Names,
  image: optionalText,
  eval_script: optionalText,
  log_parser: optionalText,
  eval_type: z.enum(['pass_and_fail', 'fail_only']).nullish(),
});
type Instance = z.output<typeof Instance>;

/** A prediction as SWE-bench has it. */
export const SwePrediction = z
  .object({ instance_id: z.string(), model_patch: Patch, model_name_or_path: optionalText })
  .transform((row) => ({ id: row.instance_id, patch: row.model_patch, model: row.model_name_or_path }));

/** What the data set's scripts print around the output of the tests. */
const MARKS: [string, string] = ['>>>>> Start Test Output', '>>>>> End Test Output'];

const SWE_BENCH: Dataset<Instance> = {
  name: 'swebench',
  Instance,
  Prediction: SwePrediction,
  id: ({ instance_id: id }) => id,
  image: ({ image }) => image,
  spec: (row, entry, from) => {
    const made = sweSpec(
      {
        id: row.instance_id,
        dataset: 'swebench',
        repo: row.repo,
        ref: row.base_commit,
        testPatch: broughtByScript(row) ? undefined : row.test_patch,
        script: row.eval_script === undefined ? undefined : evalScript(row.eval_script),
        tests: filesOfDiff(row.test_patch ?? ''),
        logParser: row.log_parser,
        expect: {
          failToPass: row.FAIL_TO_PASS,
          passToPass: row.PASS_TO_PASS,
          ...(row.eval_type === 'fail_only' ? { missing: 'passed' as const } : {}),
        },
        between: MARKS.every((mark) => row.eval_script?.includes(mark)) ? MARKS : undefined,
      },
      entry,
      from,
    );
    return 'problems' in made || row.eval_script === undefined ? made : { spec: asScript(made.spec) };
  },
  gold: ({ patch }, spec) => (patch === undefined ? undefined : { ...spec, patch }),
};

/** SWE-bench instances with predictions, or their gold patches. */
export const readSweBench: ReadFormat = (from) => readJoined(SWE_BENCH, from);

// The scripts of the data set apply the test patch themselves; applied twice, the second time fails.
function broughtByScript({ eval_script: script, test_patch: patch }: Instance): boolean {
  return script !== undefined && patch !== undefined && script.includes(patch.trim());
}

// The marks around the tests' output are printed by `set -x`, on standard error.
function evalScript(script: string): string {
  return fitScript(`exec 2>&1\n${script}`);
}

// Written for a shell that goes on after a command that fails.
function asScript(spec: SpecInput): SpecInput {
  return { ...spec, shell: spec.shell ?? 'bash' };
}
