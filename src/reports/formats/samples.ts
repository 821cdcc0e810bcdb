import { z } from 'zod';
import { EvalpoolError } from '../../errors.ts';
import type { SampleRow, Wishes } from './format.ts';

const Sample = z.looseObject({ task_id: z.string() });
const Prediction = z.object({
  instance_id: z.string(),
  model_name_or_path: z.string().optional(),
  model_patch: z.string().nullish(),
});

/** A sample as its author wrote it. */
export type Sample = z.output<typeof Sample>;
/** A prediction for SWE-bench. */
export type Prediction = z.output<typeof Prediction>;

/** The samples that were evaluated, in the order of their file. Throws INPUT_UNREADABLE when there is none. */
export function readSamples({ samples }: Wishes): AsyncGenerator<Sample> {
  return readAs(samples, { form: Sample, named: 'task_id' }, ({ value }) => value);
}

/** The predictions that were evaluated, in the order of their file. Throws INPUT_UNREADABLE when there is none. */
export function readPredictions({ samples }: Wishes): AsyncGenerator<Prediction> {
  return readAs(samples, { form: Prediction, named: 'instance_id' }, ({ key, value }) =>
    key === undefined || typeof value !== 'object' ? value : { instance_id: key, ...value },
  );
}

// What the intake could not read is counted as invalid, and nobody's sample.
async function* readAs<T>(
  rows: Wishes['samples'],
  { form, named }: { form: z.ZodType<T>; named: string },
  valueOf: (row: SampleRow) => unknown,
): AsyncGenerator<T> {
  let first: string | undefined;
  let found = 0;
  for await (const row of rows?.() ?? []) {
    const read = form.safeParse(valueOf(row));
    first ??= row.source;
    if (!read.success) continue;
    found += 1;
    yield read.data;
  }
  if (found > 0) return;
  throw new EvalpoolError(
    'INPUT_UNREADABLE',
    `--samples: expected entries with ${named}, there was ${first ?? 'nothing'}`,
  );
}
