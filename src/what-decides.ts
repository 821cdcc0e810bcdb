import { z } from 'zod';
import { readPythonList } from './python-list.ts';
import { REPORT_FORMATS } from './report-format.ts';

// The fields of a spec that say what its verdict rests on.

/** A path or glob in a sandbox, as a spec names it. */
export const sandboxPath = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), 'a path');

const mark = z
  .string()
  .max(200)
  .regex(/^[^\n\r]*\S[^\n\r]*$/, 'a part of one line');

/** The field `report`. */
export const reportSpec = z.strictObject({
  format: z
    .enum(REPORT_FORMATS)
    .describe('Form of the test report; `auto` finds out by its content and refuses what is not clear.'),
  path: sandboxPath
    .optional()
    .describe(
      'Where the test script leaves it, relative to `cwd`; a glob for several files. Without a path it is read from the standard output of the tests, which `junit` and `ctrf` are not.',
    ),
  between: z
    .tuple([mark, mark])
    .optional()
    .describe(
      "Two texts that the test script prints, such as SWE-bench's: the report is what stands between the line that holds the first and the line that holds the second. Each must be printed exactly once.",
    ),
});

/** Where Harbor's verifiers leave their rewards; the first that is there counts. */
const HARBOR_REWARDS = ['/logs/verifier/reward.txt', '/logs/verifier/reward.json'];

/** The field `reward`. */
export const rewardSpec = z.strictObject({
  path: z
    .union([sandboxPath, z.array(sandboxPath).min(1).max(10)])
    .transform((paths) => (typeof paths === 'string' ? [paths] : paths))
    .default(HARBOR_REWARDS)
    .describe(
      "File that the test script writes, relative to `cwd`: one number, or a JSON object of numbers by name. Of several the first that is there counts; default: Harbor's.",
    ),
});

// Data sets hold such lists as JSON within JSON, or as Python prints them.
const names = z.union([z.array(z.string()), z.string()]).transform((given, context): string[] => {
  if (typeof given !== 'string') return given;
  const list = z.array(z.string()).safeParse(parsed(given) ?? readPythonList(given));
  if (list.success) return list.data;
  context.addIssue({ code: 'custom', message: 'a list of names, or one as JSON or Python in a text' });
  return z.NEVER;
});

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The field `expect`. */
export const expectSpec = z.strictObject({
  failToPass: names
    .optional()
    .describe('Tests that must pass now; with either list, only those named decide.'),
  passToPass: names.optional().describe('Tests that must still pass; a skipped one is kept.'),
  missing: z
    .enum(['failed', 'passed'])
    .default('failed')
    .describe(
      'What a test of these two lists counts as that the report does not name. `passed` for reports that name failed tests only.',
    ),
  required: names.optional().describe('Tests that must have passed besides whatever else decides.'),
  minTests: z
    .int()
    .positive()
    .optional()
    .describe('How many tests must have run at least, skipped ones not counted.'),
  reward: z
    .strictObject({
      name: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe('Which of several decides; default: `reward`, or all of them where none is called so.'),
      atLeast: z.number().default(1).describe('What it must reach.'),
    })
    .optional()
    .describe('What the reward must be; default: 1 or more.'),
});
