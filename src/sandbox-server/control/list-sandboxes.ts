import { z } from 'zod';
import type { LiveSandbox } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';
import { Refusal } from '../refusal.ts';

const MAX_PAGE = 100;

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

/** One page of a listing; `nextToken` null: the last. */
export interface Page {
  sandboxes: LiveSandbox[];
  nextToken: string | null;
  /** Running ones of all that the query matches; null: it did not ask for running ones. */
  running: number | null;
}

/** The sandboxes that a list query asks for, by start time, newest first unless it says otherwise. Throws 400. */
export function listSandboxes(all: Iterable<LiveSandbox>, rawQuery: unknown): Page {
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
  const sorted = sort(matching, query.order);
  const after = readToken(query.nextToken);
  const sign = query.order === 'asc' ? 1 : -1;
  const rest =
    after === null
      ? sorted
      : sorted.filter(({ place }) => (place < after ? -sign : place > after ? sign : 0) > 0);
  const page = rest.slice(0, Math.min(query.limit, MAX_PAGE));
  const last = page.at(-1);
  return {
    sandboxes: page.map(({ sandbox }) => sandbox),
    nextToken: last && rest.length > page.length ? Buffer.from(last.place).toString('base64url') : null,
    running: query.state.includes('running')
      ? matching.filter(({ state }) => state === 'running').length
      : null,
  };
}

/** What the listing before /v2 has: all that run, newest first, by metadata only. Throws 400. */
export function listRunning(all: Iterable<LiveSandbox>, rawQuery: unknown): LiveSandbox[] {
  const hasMetadata = matchMetadata(parseAs(ListQuery.pick({ metadata: true }), rawQuery).metadata);
  const matching = [...all].filter((sandbox) => sandbox.state === 'running' && hasMetadata(sandbox));
  return sort(matching, 'desc').map(({ sandbox }) => sandbox);
}

interface Placed {
  sandbox: LiveSandbox;
  /** Where it stands in time. */
  place: string;
}

function sort(sandboxes: readonly LiveSandbox[], order: 'asc' | 'desc'): Placed[] {
  const sign = order === 'asc' ? 1 : -1;
  const placed = sandboxes.map((sandbox) => ({ sandbox, place: placeOf(sandbox) }));
  return placed.toSorted((a, b) => (a.place < b.place ? -sign : sign));
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

function readToken(token: string | undefined): string | null {
  if (token === undefined) return null;
  const place = Buffer.from(token, 'base64url').toString();
  if (!/^[0-9T:.Z-]+__[a-z0-9]+$/.test(place)) throw new Refusal(400, 'Invalid next token');
  return place;
}
