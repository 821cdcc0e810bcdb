import { z } from 'zod';
import { EvalpoolError } from '../../errors.ts';
import type { ResultLine } from '../comparison/tally-results.ts';
import type { Wishes } from './format.ts';

const Sample = z.looseObject({ task_id: z.string() });

/** A line of a file of samples: what its author wrote. */
export type SampleLine = z.output<typeof Sample>;

/** The samples that were evaluated, in the order of their file. Throws INPUT_UNREADABLE, USAGE where none are given. */
export async function* readSamples({ samples }: Wishes): AsyncGenerator<SampleLine> {
  if (!samples)
    throw new EvalpoolError('USAGE', 'expected the samples that were evaluated: give --samples FILE');
  for await (const line of samples()) yield parseSample(line);
}

function parseSample({ number, text }: ResultLine): SampleLine {
  try {
    return Sample.parse(JSON.parse(text ?? ''));
  } catch (error) {
    throw new EvalpoolError('INPUT_UNREADABLE', `--samples: line ${number} is no sample with a task_id`, {
      cause: error,
    });
  }
}
