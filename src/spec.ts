import { z } from 'zod';
import { DEFAULT_TIMEOUTS, NETWORKS } from './stage.ts';
import { expectSpec, reportSpec, rewardSpec, sandboxPath as path } from './what-decides.ts';

/** Longest script of a stage, bytes: it travels as one argument, and Linux allows 128 KiB. */
export const MAX_SCRIPT_BYTES = 120_000;
/** Largest content of `patch`, `testPatch` and all `files` together, bytes. */
export const MAX_SUBMISSION_BYTES = 64 * 1024 * 1024;

const script = z
  .union([z.string(), z.array(z.string())])
  .transform((lines) => (typeof lines === 'string' ? lines : lines.join('\n')))
  .refine(
    (text) => Buffer.byteLength(text) <= MAX_SCRIPT_BYTES,
    `a script of at most ${MAX_SCRIPT_BYTES} bytes`,
  );

const content = z.union([z.string(), z.strictObject({ base64: z.base64() })]);
const seconds = z.number().positive().max(86_400);
const network = z.enum(NETWORKS);
// eslint-disable-next-line no-control-regex -- control characters are what it refuses
const plainText = z.string().regex(/^[^\u0000-\u001f\u007f]*$/, 'text without control characters');
const name = plainText.min(1).max(200);
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name');

/** Text, or bytes as `{base64}`. */
export type Content = z.output<typeof content>;

/** The bytes of a patch or file as a spec gives it. */
export function contentBytes(from: Content): Buffer {
  return typeof from === 'string' ? Buffer.from(from) : Buffer.from(from.base64, 'base64');
}

const timeouts = z.strictObject({
  create: seconds.default(DEFAULT_TIMEOUTS.create),
  fetch: seconds.default(DEFAULT_TIMEOUTS.fetch),
  setup: seconds.default(DEFAULT_TIMEOUTS.setup),
  patch: seconds.default(DEFAULT_TIMEOUTS.patch),
  build: seconds.default(DEFAULT_TIMEOUTS.build),
  test: seconds.default(DEFAULT_TIMEOUTS.test),
  collect: seconds.default(DEFAULT_TIMEOUTS.collect),
  destroy: seconds.default(DEFAULT_TIMEOUTS.destroy),
});

/** One thing to evaluate: a line of a batch file. Unknown fields are refused; the descriptions are the reference. */
export const Spec = z.strictObject({
  id: name.describe('Names the task; unique in its batch together with `sample`.'),
  sample: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Number of this submission among those for the same task.'),
  repo: plainText
    .min(1)
    .max(2000)
    .optional()
    .describe('https or ssh URL, or (from the CLI) a local path. None: the template holds the code.'),
  ref: plainText.min(1).max(400).optional().describe("Commit, tag or branch; default: the repo's HEAD."),
  repoDir: path.default('/home/user/repo').describe('Where the repo lies in the sandbox.'),
  fetch: z
    .enum(['auto', 'sandbox', 'evaluator'])
    .default('auto')
    .describe(
      'Who fetches. `sandbox`: git in the sandbox. `evaluator`: our side, credentials stay there. `auto`: evaluator for local paths, ssh and sandboxes without network.',
    ),
  submodules: z.boolean().default(false).describe('Fetch submodules too.'),
  setup: script.optional().describe("The author's set-up, run on the untouched checkout."),
  build: script.optional().describe("Builds the candidate's code, after the patch."),
  test: script.describe('Runs the tests. Without a report its exit status 0 is the verdict.'),
  patch: content.optional().describe('The submission as a diff for `git apply`.'),
  files: z
    .record(path, content)
    .optional()
    .describe('The submission as files, written over the checkout; paths relative to `repoDir`.'),
  testPatch: content
    .optional()
    .describe(
      "The author's diff, applied after the submission; files it names are first restored from `ref`.",
    ),
  protect: z
    .array(path)
    .max(100)
    .default([])
    .describe(
      'Globs of files, relative to `repoDir`, that neither the submission nor the build may change: they are put back as set-up left them, and what was added under the globs is removed.',
    ),
  expect: expectSpec.optional().describe('Which reported tests decide; default: all of them.'),
  report: reportSpec.optional().describe('The test report that the test script writes; default: none.'),
  reward: rewardSpec
    .optional()
    .describe('The reward that the test script writes, which then decides; default: none.'),
  shell: z.string().min(1).default('bash -eo pipefail').describe('Runs each script, one process a stage.'),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name')
    .default('user')
    .describe('User in the sandbox.'),
  cwd: path.optional().describe('Directory of the scripts; default: `repoDir`.'),
  env: z.record(envName, z.string()).default({}).describe('Environment of the scripts.'),
  secrets: z
    .array(envName)
    .default([])
    .describe('Names; each is taken from EVALPOOL_SECRET_<NAME> into the environment of fetch and setup.'),
  template: plainText
    .min(1)
    .max(200)
    .optional()
    .describe("Template of the sandbox; default: the provider's. `evalpool template` adds local ones."),
  network: z
    .strictObject({
      fetch: network.optional(),
      setup: network.optional(),
      build: network.optional(),
      test: network.optional(),
    })
    .default({})
    .describe(
      'Per stage: none, nat (the internet, nothing private) or full; default: none at the local provider, nat elsewhere.',
    ),
  timeouts: timeouts.default({ ...DEFAULT_TIMEOUTS }).describe('Deadline of each stage, seconds.'),
  artifacts: z.array(path).max(100).default([]).describe('Globs of files to keep, relative to `repoDir`.'),
  labels: z
    .record(name, z.string().max(400))
    .default({})
    .describe('Free labels for filters and reports: model, language, …'),
  priority: z.int().min(-1000).max(1000).default(0).describe('Within the batch, higher first.'),
});

/** A spec with every default filled in. */
export type Spec = z.output<typeof Spec>;
/** A spec as its author writes it. */
export type SpecInput = z.input<typeof Spec>;

/** The JSON Schema of a spec as its author writes it. */
export function specJsonSchema(): object {
  return z.toJSONSchema(Spec, { io: 'input', unrepresentable: 'any' });
}
