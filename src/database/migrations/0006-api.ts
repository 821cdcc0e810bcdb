import { sql, type Kysely } from 'kysely';

const STATEMENTS = [
  `create table api_keys (
    id bigint generated always as identity primary key,
    tenant text not null,
    label text not null,
    hash bytea not null unique,
    scopes text[] not null check (scopes <@ array['submit', 'read', 'admin'] and cardinality(scopes) > 0),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz)`,

  // Who changed what, in the transaction that changed it. Never updated, never deleted by us.
  `create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    tenant text not null,
    actor text not null,
    action text not null,
    target text not null,
    details jsonb not null default '{}')`,
  `create index audit_of_tenant on audit (tenant, id)`,

  `alter table log_levels drop constraint log_levels_kind_check`,
  `alter table log_levels add check (kind in ('all', 'api', 'dispatcher', 'evaluator', 'reaper'))`,

  // Results of a batch are written one after another (its row is locked), so this order is the one of their commits.
  `alter table results add seq bigint generated always as identity`,
  `create index results_in_order on results (batch_id, seq)`,
];

/** Keys of the HTTP API, what was changed by whom, and results in the order in which they came. */
export async function addApi(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
