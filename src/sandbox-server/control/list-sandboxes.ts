import { z } from 'zod';
import type { LiveSandbox } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';
import { Refusal } from '../refusal.ts';

const MAX_PAGE = 100;

const ListQuery = z.object({
  metadata: z.string().optional(),
  state: z.string().optional(),
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
  /** Of all that the query matches. */
  running: number;
}

/** The sandboxes that a list query asks for, by start time, newest first unless it says otherwise. Throws 400. */
export function listSandboxes(all: Iterable<LiveSandbox>, rawQuery: unknown): Page {
  const query = parseAs(ListQuery, rawQuery);
  const wanted = readMetadata(query.metadata);
  const states = (query.state ?? 'running,paused').split(',');
  const matching = [...all].filter(
    (sandbox) =>
      states.includes(sandbox.state) &&
      wanted.every(
        ([key, value]) => Object.hasOwn(sandbox.metadata, key) && sandbox.metadata[key] === value,
      ) &&
      (query.template === undefined || query.template === sandbox.template) &&
      (query.startedAfter === undefined || sandbox.startedAt > query.startedAfter),
  );
  const sign = query.order === 'asc' ? 1 : -1;
  const sorted = matching.map((sandbox) => ({ sandbox, place: placeOf(sandbox) }));
  sorted.sort((a, b) => (a.place < b.place ? -sign : sign));
  const after = readToken(query.nextToken);
  const rest =
    after === null
      ? sorted
      : sorted.filter(({ place }) => (place < after ? -sign : place > after ? sign : 0) > 0);
  const page = rest.slice(0, Math.min(query.limit, MAX_PAGE));
  const last = page.at(-1);
  return {
    sandboxes: page.map(({ sandbox }) => sandbox),
    nextToken: last && rest.length > page.length ? Buffer.from(last.place).toString('base64url') : null,
    running: matching.filter(({ state }) => state === 'running').length,
  };
}

// The SDK encodes each key and value once more than the query itself is.
function readMetadata(text: string | undefined): Array<[string, string]> {
  try {
    return [...new URLSearchParams(text)].map(([key, value]) => [
      decodeURIComponent(key),
      decodeURIComponent(value),
    ]);
  } catch {
    throw new Refusal(400, 'metadata: not encoded as E2B does');
  }
}

function placeOf({ startedAt, id }: LiveSandbox): string {
  return `${startedAt.toISOString()}__${id}`;
}

function readToken(token: string | undefined): string | null {
  if (token === undefined) return null;
  const place = Buffer.from(token, 'base64url').toString();
  if (!/^[0-9T:.Z-]+__[a-z0-9]+$/.test(place)) throw new Refusal(400, 'nextToken: not one of this server');
  return place;
}
