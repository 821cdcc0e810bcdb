import { sql } from 'kysely';

/** When an evaluation was accepted, as its trace needs it. */
export interface Accepted {
  /** Microseconds since 1970: its trace's id is made of it. */
  acceptedAt: string;
  /** How long ago that is, ms, by the clock of Postgres. */
  ageMs: number;
}

/** The two as columns of a row `e` of evaluations. */
export const ACCEPTED = sql`
  (extract(epoch from e.accepted_at) * 1000000)::bigint as "acceptedAt",
  extract(epoch from now() - e.accepted_at)::float8 * 1000 as "ageMs"`;
