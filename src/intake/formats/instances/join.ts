import type { z } from 'zod';
import { EvalpoolError } from '../../../errors.ts';
import type { SpecInput } from '../../../spec.ts';
import { findProblems, type FieldProblem } from '../../problem.ts';
import type { Item } from '../../read-specs.ts';
import { given, type FormatInput } from '../format-input.ts';
import { badItem, fieldProblem, makeItem } from '../make-item.ts';
import { readRows, readWhole, unreadable, type Row } from '../read-rows.ts';
import { sayStanding, sayUncovered } from './say-joined.ts';
import { readTemplates, type TemplateEntry, type Templates } from '../templates.ts';

// 1. Holds what each instance of a data set gives to a spec, by id; its prose is forgotten.
// 2. Makes of each prediction, as it comes, a spec: the k-th for an instance is its sample k - 1.
// 3. Tells what has no template, predictions of unknown instances, and instances without any.

/** A submission for an instance. `patch`: null or blank is an empty one. */
export interface Prediction {
  id: string;
  patch: string | null;
  model: string | undefined;
}

/** What makes of an instance a spec, and of a row a prediction. */
export interface Dataset<Instance> {
  /** The label `dataset`. */
  name: string;
  Instance: z.ZodType<Instance>;
  id(instance: Instance): string;
  /** What the table of templates is asked for, besides the id. */
  image(instance: Instance): string | undefined;
  /** The spec without its submission, or all that is wrong with it. */
  spec(
    instance: Instance,
    entry: TemplateEntry,
    from: FormatInput,
  ): { spec: SpecInput } | { problems: FieldProblem[] };
  /** What the data set's own solution changes about that spec; undefined: it has none. */
  gold(instance: Instance, spec: SpecInput): SpecInput | undefined;
  /** Throws nothing: a row that is none fails to parse. */
  Prediction: z.ZodType<Prediction>;
}

/** An instance as it is held. */
export interface Task {
  source: string;
  image: string | undefined;
  covered: boolean;
  made: { spec: SpecInput; bytes: number } | { problems: FieldProblem[] };
  samples: number;
}

/** The predictions for a data set, or with `gold` its own solutions, as specs. Throws INPUT_UNREADABLE. */
export async function* readJoined<I>(
  dataset: Dataset<I>,
  from: FormatInput,
  rows: AsyncIterable<Row> = readWhole(given(from.instances)),
): AsyncGenerator<Item> {
  const templates = await readTemplates(given(from.templates));
  const tasks = new Map<string, Task>();
  for await (const row of rows) {
    const instance = parseInstance(dataset, row);
    const id = dataset.id(instance);
    const first = tasks.get(id);
    if (first)
      throw unreadable(row.source, [
        fieldProblem('instance_id', `"${id}" is there already: ${first.source}`),
      ]);
    tasks.set(id, holdTask(dataset, instance, { row, templates, from }));
  }
  if (tasks.size === 0)
    throw new EvalpoolError('INPUT_UNREADABLE', `${from.instances ?? from.input} holds no instance`);
  sayUncovered(tasks, from.say);
  if (from.gold) yield* goldItems(tasks);
  else yield* predictedItems(dataset, tasks, from);
}

function parseInstance<I>(dataset: Dataset<I>, row: Row): I {
  const parsed = dataset.Instance.safeParse(row.value);
  if (!parsed.success) throw unreadable(row.source, findProblems(parsed.error, row.value));
  return parsed.data;
}

function holdTask<I>(
  dataset: Dataset<I>,
  instance: I,
  { row, templates, from }: { row: Row; templates: Templates; from: FormatInput },
): Task {
  const [id, image] = [dataset.id(instance), dataset.image(instance)];
  const entry = templates(image, id);
  const task = { source: row.source, image, covered: entry !== undefined, samples: 0 };
  if (entry === undefined) return { ...task, made: { problems: [noTemplate(image, id)] } };
  const made = dataset.spec(instance, entry, from);
  if ('problems' in made) return { ...task, made };
  const spec = from.gold ? dataset.gold(instance, made.spec) : made.spec;
  if (spec === undefined)
    return { ...task, made: { problems: [fieldProblem('patch', 'there is no solution of the author')] } };
  return { ...task, made: { spec, bytes: JSON.stringify(spec).length } };
}

function noTemplate(image: string | undefined, id: string): FieldProblem {
  const what = image === undefined ? `instance "${id}"` : `image "${image}"`;
  const message = `no template covers ${what}; add it to the table of --templates`;
  return { code: 'TEMPLATE_NOT_FOUND', field: image === undefined ? 'instance_id' : 'image', message };
}

function* goldItems(tasks: ReadonlyMap<string, Task>): Generator<Item> {
  for (const { source, made } of tasks.values()) {
    if ('problems' in made) yield badItem(source, made.problems);
    else
      yield makeItem(
        { ...made.spec, labels: { ...made.spec.labels, model: 'gold' } },
        { source, bytes: made.bytes },
      );
  }
}

async function* predictedItems<I>(
  dataset: Dataset<I>,
  tasks: Map<string, Task>,
  from: FormatInput,
): AsyncGenerator<Item> {
  let empty = 0;
  for await (const row of readRows(given(from.predictions))) {
    if ('bad' in row) {
      yield row;
      continue;
    }
    const parsed = dataset.Prediction.safeParse(withKey(row));
    if (!parsed.success) {
      yield badItem(row.source, findProblems(parsed.error, row.value));
      continue;
    }
    if ((parsed.data.patch ?? '').trim() === '') empty += 1;
    yield predictedItem(tasks.get(parsed.data.id), parsed.data, row);
  }
  sayStanding(tasks, empty, from.say);
}

// A JSON object keyed by instance need not say the id again.
function withKey({ key, value }: Row): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  return { instance_id: key, ...value };
}

function predictedItem(task: Task | undefined, { id, patch, model }: Prediction, row: Row): Item {
  if (!task) {
    const message = `expected an instance of the data set, there was ${JSON.stringify(id.slice(0, 200))}`;
    return badItem(row.source, [fieldProblem('instance_id', message)]);
  }
  const { made } = task;
  const sample = task.samples;
  task.samples += 1;
  if ('problems' in made) return badItem(row.source, made.problems);
  const labels = { ...made.spec.labels, ...(model === undefined ? {} : { model: model.slice(0, 400) }) };
  const { files, ...spec } = { ...made.spec, sample, patch: patch ?? '', labels };
  // Files of the author beside it would make an empty submission look like one.
  const whole = files === undefined || spec.patch.trim() === '' ? spec : { ...spec, files };
  return makeItem(whole, { source: row.source, bytes: made.bytes + row.bytes });
}
