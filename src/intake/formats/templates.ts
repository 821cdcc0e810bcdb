import { z } from 'zod';
import { explainIssue } from '../../explain-issue.ts';
import { Spec, type SpecInput } from '../../spec.ts';
import { idGlob } from '../pick.ts';
import type { FieldProblem } from '../problem.ts';
import { readWhole, unreadable } from './read-rows.ts';

const { template, cwd, setup, env, user, shell, network, timeouts, report, repoDir } = Spec.shape;

const Entry = z.strictObject({
  image: z.string().min(1).optional(),
  instance: z.string().min(1).optional(),
  template,
  repoDir: repoDir.optional(),
  cwd,
  setup,
  env,
  user,
  shell,
  network,
  timeouts,
  report,
  testCmd: Spec.shape.test.optional(),
  logParser: z.string().optional(),
});

const schema: object = z.toJSONSchema(Entry, { io: 'input', unrepresentable: 'any' });
const SHAPE = { name: 'the table of templates', schema };

/** What the table says about an image, as its author wrote it. `repoDir`: there the template holds the code. */
export type TemplateEntry = z.input<typeof Entry>;

/** The table: the first entry counts whose globs match the image and the id of an instance. */
export type Templates = (image: string | undefined, id: string) => TemplateEntry | undefined;

/** Reads a table of templates, a JSON list or JSON Lines. Throws INPUT_UNREADABLE. */
export async function readTemplates(path: string): Promise<Templates> {
  const entries: Array<{
    matches: (image: string | undefined, id: string) => boolean;
    entry: TemplateEntry;
  }> = [];
  for await (const row of readWhole(path)) {
    const problems = problemsOf(row.value);
    if (problems.length > 0 || !isEntry(row.value)) throw unreadable(row.source, problems);
    entries.push({ matches: matcher(row.value), entry: row.value });
  }
  return (image, id) => entries.find(({ matches }) => matches(image, id))?.entry;
}

/** The fields of a spec that the table decides. */
export function templateFields(entry: TemplateEntry): Partial<SpecInput> {
  const {
    image: _image,
    instance: _instance,
    testCmd: _testCmd,
    logParser: _logParser,
    report: _report,
    ...fields
  } = entry;
  return fields;
}

function problemsOf(value: unknown): FieldProblem[] {
  const parsed = Entry.safeParse(value);
  const found = parsed.error?.issues.flatMap((issue) => explainIssue(issue, value, SHAPE)) ?? [];
  const { image, instance } = parsed.data ?? { image: '', instance: '' };
  if (image === undefined && instance === undefined)
    found.push({ field: 'image', message: 'is required, or `instance`: a glob over images, or over ids' });
  return found.map((finding) => ({ code: 'SPEC_INVALID', ...finding }));
}

// Asked only of what zod has just read without complaint.
function isEntry(value: unknown): value is TemplateEntry {
  return typeof value === 'object';
}

function matcher({ image, instance }: TemplateEntry): (image: string | undefined, id: string) => boolean {
  const ofImage = image === undefined ? undefined : globOrName(image);
  const ofId = instance === undefined ? undefined : globOrName(instance);
  return (name, id) => {
    if (ofId && !ofId(id)) return false;
    return !ofImage || (name !== undefined && ofImage(name));
  };
}

function globOrName(glob: string): (name: string) => boolean {
  const matches = idGlob(glob);
  return (name) => name === glob || matches(name);
}
