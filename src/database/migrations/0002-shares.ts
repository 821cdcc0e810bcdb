import { sql, type Kysely } from 'kysely';

const STATEMENTS = [
  // What people set, what the provider showed, and what follows: `slots`, the limit that takers of slots see.
  `alter table providers
    add own_max_sandboxes integer check (own_max_sandboxes >= 0),
    add own_creates_per_s double precision check (own_creates_per_s > 0),
    add reserve integer not null default 0 check (reserve >= 0),
    add foreign_sandboxes integer not null default 0,
    add seen_limit integer,
    add seen_at timestamptz,
    add slow_down double precision not null default 1 check (slow_down >= 1),
    add breaker text not null default 'closed' check (breaker in ('closed', 'open', 'probing')),
    add breaker_reason text,
    add breaker_until timestamptz,
    add outages integer not null default 0,
    add trips integer not null default 0,
    add created_at timestamptz,
    add slots integer not null generated always as (greatest(0, least(
      coalesce(own_max_sandboxes, max_sandboxes) - reserve - foreign_sandboxes, seen_limit))) stored`,

  `create table tenants (
    name text primary key,
    weight double precision not null default 1 check (weight > 0),
    max_running integer check (max_running >= 0))`,
  `alter table batches
    add weight double precision not null default 1 check (weight > 0),
    add max_running integer check (max_running >= 0),
    add max_cost_usd double precision,
    add max_sandbox_s double precision,
    add spent_usd double precision not null default 0,
    add spent_sandbox_s double precision not null default 0`,

  // What a process works on, as of its last heartbeat: for people who ask, never for decisions.
  `alter table processes add working jsonb not null default '[]'`,
];

/** Live limits of providers, weights and caps of tenants and batches, budgets of batches. */
export async function addShares(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
