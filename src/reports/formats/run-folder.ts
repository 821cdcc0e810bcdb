import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { OUTCOMES } from '../../outcome.ts';
import { parseResultLine, type ResultLine } from '../comparison/tally-results.ts';

// Exports read what a run wrote, not its database: a results folder can be moved, and so it is not to be trusted.

const Test = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed', 'error', 'skipped', 'xfailed']),
  seconds: z.number().optional(),
  message: z.string().optional(),
});

const Failure = z.object({
  code: z.string(),
  stage: z.string().nullable(),
  message: z.string(),
  next: z.string(),
});

const Result = z.object({
  /** Null for a line of input that was no spec. */
  id: z.string().nullable(),
  sample: z.int().nonnegative().default(0),
  labels: z.record(z.string(), z.string()).default({}),
  source: z.string().nullable().default(null),
  outcome: z.enum(OUTCOMES),
  reason: z.string().default(''),
  failure: Failure.nullable().default(null),
  exitCode: z.number().nullable().default(null),
  tests: z.array(Test).default([]),
  rewards: z.record(z.string(), z.number()).optional(),
  seconds: z.record(z.string(), z.number()).default({}),
  attempts: z.number().default(0),
  sandboxSeconds: z.number().default(0),
  costUsd: z.number().default(0),
  provider: z.string().default(''),
  template: z.string().default(''),
  logs: z.record(z.string(), z.string()).default({}),
  startedAt: z.string().default(''),
  finishedAt: z.string().default(''),
  /** Why the line of input was no spec. */
  message: z.string().optional(),
});

/** A line of a results.jsonl with all that exports tell of it. */
export type ResultRecord = z.output<typeof Result>;
/** One test of it. */
export type RecordedTest = z.output<typeof Test>;

const Summary = z.object({ batch: z.string(), provider: z.string(), accepted: z.int() });

/** A results folder. */
export interface RunFolder {
  path: string;
  /** Name of the batch. */
  name: string;
  provider: string;
  /** Evaluations that were asked for; 0 where no summary tells. */
  accepted: number;
  /** Its results in their order; each call reads them anew. Throws INPUT_UNREADABLE. */
  records(): AsyncGenerator<ResultRecord>;
}

/** Opens the folder whose results.jsonl has these lines. */
export async function openRunFolder(
  path: string,
  lines: () => AsyncIterable<ResultLine>,
): Promise<RunFolder> {
  const summary = await readSummary(path);
  return {
    path,
    name: summary?.batch ?? basename(resolve(path)),
    provider: summary?.provider ?? '',
    accepted: summary?.accepted ?? 0,
    async *records() {
      for await (const { number, text } of lines())
        yield parseResultLine(`${join(path, 'results.jsonl')}:${number}`, text, Result);
    },
  };
}

/** What an evaluation is called: its id, and which sample it is where it is not the first. */
export function nameOf({ id, sample, source }: ResultRecord): string {
  if (id === null) return source ?? 'unreadable line';
  return sample === 0 ? id : `${id} #${sample}`;
}

/** Why it did not pass, in one sentence; '' if it did. */
export function whyOf({ failure, message }: ResultRecord): string {
  return failure?.message ?? message ?? '';
}

/** Seconds of its stages, without the wait before them. */
export function workSeconds({ seconds }: ResultRecord): number {
  return Object.entries(seconds).reduce((sum, [stage, took]) => (stage === 'queue' ? sum : sum + took), 0);
}

// A folder without a summary, or with one of another kind, has its results all the same.
async function readSummary(path: string): Promise<z.output<typeof Summary> | undefined> {
  try {
    return Summary.parse(JSON.parse(await readFile(join(path, 'summary.json'), 'utf8')));
  } catch {
    return undefined;
  }
}
