import { sql, type Kysely } from 'kysely';

const STATEMENTS = [
  `create table deployment (
    one boolean primary key default true check (one),
    id uuid not null default gen_random_uuid())`,
  `insert into deployment default values`,

  `create table batches (
    id bigint generated always as identity primary key,
    tenant text not null default 'default',
    name text not null,
    provider text not null,
    state text not null default 'open' check (state in ('open', 'sealed', 'finished')),
    paused boolean not null default false,
    cancelled_at timestamptz,
    created_at timestamptz not null default now(),
    fed_at timestamptz not null default now(),
    seal_after_s double precision,
    finished_at timestamptz,
    total integer not null default 0,
    unreadable integer not null default 0,
    passed integer not null default 0,
    failed integer not null default 0,
    timed_out integer not null default 0,
    invalid integer not null default 0,
    infra_error integer not null default 0,
    cancelled integer not null default 0,
    ended integer not null generated always as
      (passed + failed + timed_out + invalid + infra_error + cancelled) stored,
    unique (tenant, name))`,

  // json, not jsonb: a spec may carry \u0000, which jsonb refuses.
  `create table evaluations (
    id bigint generated always as identity primary key,
    batch_id bigint not null references batches on delete cascade,
    task_id text not null,
    sample integer not null,
    content_hash text not null,
    spec json not null,
    source text,
    key text,
    submission uuid not null,
    state text not null default 'waiting' check (state in ('waiting', 'dispatched', 'running', 'finished')),
    outcome text check (outcome in ('passed', 'failed', 'timed_out', 'invalid', 'infra_error', 'cancelled')),
    priority integer not null default 0,
    not_before timestamptz,
    attempt integer not null default 0,
    failures integer not null default 0,
    sandboxes_lost integer not null default 0,
    workers_lost integer not null default 0,
    suspect text,
    waiting_since timestamptz not null default now(),
    dispatched_at timestamptz,
    unique (batch_id, task_id, sample),
    unique (batch_id, key),
    check ((state = 'finished') = (outcome is not null)))`,
  `create index evaluations_waiting on evaluations (batch_id, priority desc, id) where state = 'waiting'`,
  `create index evaluations_under_way on evaluations (state, batch_id) where state in ('dispatched', 'running')`,

  `create table processes (
    id bigint generated always as identity primary key,
    kind text not null,
    host text not null,
    pid integer not null,
    beat bigint not null default 0,
    started_at timestamptz not null default now(),
    ended_at timestamptz)`,
  `create table leases (
    name text primary key,
    process_id bigint not null references processes,
    epoch bigint not null,
    expires_at timestamptz not null)`,

  `create table attempts (
    evaluation_id bigint not null references evaluations on delete cascade,
    number integer not null,
    process_id bigint not null references processes,
    state text not null default 'claimed' check (state in ('claimed', 'ended')),
    reason text,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (evaluation_id, number))`,
  `create index attempts_claimed on attempts (process_id) where state = 'claimed'`,

  `create table results (
    evaluation_id bigint primary key references evaluations on delete cascade,
    batch_id bigint not null references batches on delete cascade,
    attempt integer not null,
    outcome text not null,
    reason text not null,
    result jsonb not null,
    finished_at timestamptz not null default now())`,
  `create index results_by_batch on results (batch_id, evaluation_id)`,
  `create table unreadable_lines (
    batch_id bigint not null references batches on delete cascade,
    source text not null,
    message text not null,
    primary key (batch_id, source))`,

  `create table providers (
    name text primary key,
    tier text not null,
    held integer not null default 0 check (held >= 0),
    max_sandboxes integer not null,
    creates_per_s double precision,
    longest_session_s integer not null,
    next_create_at timestamptz not null default now(),
    usd_per_cpu_s double precision not null,
    usd_per_gib_s double precision not null)`,
  `create table sandboxes (
    id bigint generated always as identity primary key,
    provider text not null references providers,
    nonce uuid not null unique,
    evaluation_id bigint not null,
    attempt integer not null,
    process_id bigint not null references processes,
    sandbox_id text,
    state text not null default 'intended' check (state in ('intended', 'alive', 'condemned', 'gone')),
    lost boolean not null default false,
    granted_at timestamptz not null default now(),
    alive_at timestamptz,
    ends_at timestamptz not null,
    gone_at timestamptz)`,
  `create index sandboxes_not_gone on sandboxes (provider, state) where state <> 'gone'`,
];

/** The state tables of docs/states.md. */
export async function createStates(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
