import { z } from 'zod';
import { MAX_PAGE, pageOf, sortByPlace, type Page } from './page.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';
import { Refusal } from '../refusal.ts';

const STATES = ['running', 'paused'] as const;

const ListQuery = z.object({
  metadata: z.string().optional(),
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(STATES)))
    .default([...STATES]),
  template: z.string().optional(),
  startedAfter: z.coerce.date().optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: z.coerce.number().int().positive().default(MAX_PAGE),
  nextToken: z.string().optional(),
});

/** One page of sandboxes. */
export interface SandboxPage extends Page<LiveSandbox> {
  /** Running ones of all that the query matches; null: it did not ask for running ones. */
  running: number | null;
}

/** The sandboxes that a list query asks for, by start time, newest first unless it says otherwise. Throws 400. */
export function listSandboxes(all: Iterable<LiveSandbox>, rawQuery: unknown): SandboxPage {
  const query = parseAs(ListQuery, rawQuery);
  if (query.template?.includes(':'))
    throw new Refusal(
      400,
      'Invalid template: tags are not supported here because sandboxes are not tag-scoped',
    );
  const hasMetadata = matchMetadata(query.metadata);
  const matching = [...all].filter(
    (sandbox) =>
      query.state.includes(sandbox.state) &&
      hasMetadata(sandbox) &&
      (query.template === undefined || query.template === sandbox.template) &&
      (query.startedAfter === undefined || sandbox.startedAt >= query.startedAfter),
  );
  return {
    ...pageOf(matching, placeOf, query),
    running: query.state.includes('running')
      ? matching.filter(({ state }) => state === 'running').length
      : null,
  };
}

/** What the listing before /v2 has: all that run, newest first, by metadata only. Throws 400. */
export function listRunning(all: Iterable<LiveSandbox>, rawQuery: unknown): LiveSandbox[] {
  const hasMetadata = matchMetadata(parseAs(ListQuery.pick({ metadata: true }), rawQuery).metadata);
  const matching = [...all].filter((sandbox) => sandbox.state === 'running' && hasMetadata(sandbox));
  return sortByPlace(matching, placeOf, 'desc');
}

// The SDK encodes each key and value once more than the query itself is.
function matchMetadata(text: string | undefined): (sandbox: LiveSandbox) => boolean {
  try {
    const wanted = [...new URLSearchParams(text)].map(([key, value]) => [
      decodeURIComponent(key),
      decodeURIComponent(value),
    ]);
    return ({ metadata }) =>
      wanted.every(([key = '', value]) => Object.hasOwn(metadata, key) && metadata[key] === value);
  } catch {
    throw new Refusal(400, 'Error parsing metadata');
  }
}

function placeOf({ startedAt, id }: LiveSandbox): string {
  return `${startedAt.toISOString()}__${id}`;
}
