import { Refusal } from '../refusal.ts';

/** Most things in one page, as E2B's. */
export const MAX_PAGE = 100;

/** One page of a list; `nextToken` null: the last. */
export interface Page<T> {
  items: T[];
  nextToken: string | null;
}

/** Which page is asked for. */
export interface PageQuery {
  order: 'asc' | 'desc';
  limit: number;
  nextToken?: string | undefined;
}

/** The things in order of their places, each `<time>__<id>`. */
export function sortByPlace<T>(
  items: readonly T[],
  placeOf: (item: T) => string,
  order: 'asc' | 'desc',
): T[] {
  const sign = order === 'asc' ? 1 : -1;
  return items.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -sign : sign));
}

/** The page that a query asks for. Throws 400 for a token that is none. */
export function pageOf<T>(
  items: readonly T[],
  placeOf: (item: T) => string,
  { order, limit, nextToken }: PageQuery,
): Page<T> {
  const after = readToken(nextToken);
  const isAfter = (item: T): boolean =>
    after === null || (order === 'asc' ? placeOf(item) > after : placeOf(item) < after);
  const rest = sortByPlace(items, placeOf, order).filter(isAfter);
  const page = rest.slice(0, Math.min(limit, MAX_PAGE));
  const last = page.at(-1);
  const isMore = last !== undefined && rest.length > page.length;
  return { items: page, nextToken: isMore ? Buffer.from(placeOf(last)).toString('base64url') : null };
}

function readToken(token: string | undefined): string | null {
  if (token === undefined) return null;
  const place = Buffer.from(token, 'base64url').toString();
  if (!/^[0-9T:.Z-]+__[a-z0-9]+$/.test(place)) throw new Refusal(400, 'Invalid next token');
  return place;
}
