import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database/connect.ts';

/** How long a create may stay without an answer, seconds. */
export const CREATE_TIMEOUT_S = 30;
/** Life that a sandbox is given at creation and at each renewal, seconds. */
export const LIFE_S = 120;
/** How often its owner renews it, seconds. */
export const RENEW_EVERY_S = 40;
/** After the provider's own end of a sandbox plus this, it is gone whatever was heard; seconds. */
const MARGIN_S = 30;

/** The right to hold one sandbox, with its ledger row. */
export interface Slot {
  ledgerId: string;
  /** Carried in the sandbox's metadata, so that a lost reply can be settled. */
  nonce: string;
  /** When the right to create was granted, by this process's monotonic clock, ms. */
  grantedAtMs: number;
}

/** A right to create that is older when the request would leave could meet the next ones within a second, ms. */
export const GRANT_HOLDS_MS = 100;

/** Who wants a slot, for the ledger. */
export interface SlotRequest {
  provider: string;
  evaluationId: string;
  attempt: number;
  processId: string;
}

/** How long a probe of a provider that was unwell may take before another one is sent, seconds. */
const PROBE_S = 60;

/**
 * Takes a slot, a creation token and a ledger row in one statement, or nothing.
 * 1. Never above `slots`: what people set, less the reserve, less what is not ours, less than the provider refused.
 * 2. Creations are spaced 1.1 / rate apart with no burst, so that no window of a second holds more than the rate.
 * 3. While the breaker is open nothing; once its time is up, one as a probe.
 */
export async function takeSlot(database: Database, request: SlotRequest): Promise<Slot | undefined> {
  const nonce = randomUUID();
  const grantedAtMs = performance.now(); // before it was asked, so at the earliest
  const { rows } = await sql<{ id: string }>`
    with granted as (
      update providers set held = held + 1,
        next_create_at = clock_timestamp()
          + make_interval(secs => coalesce(1.1 * slow_down / coalesce(own_creates_per_s, creates_per_s), 0)),
        breaker = case breaker when 'closed' then 'closed' else 'probing' end,
        breaker_until = case breaker when 'closed' then null else clock_timestamp() + make_interval(secs => ${PROBE_S}) end
      where name = ${request.provider} and held < slots and next_create_at <= clock_timestamp()
        and (breaker = 'closed' or breaker_until <= clock_timestamp())
      returning name, clock_timestamp() as granted_at)
    insert into sandboxes (provider, nonce, evaluation_id, attempt, process_id, granted_at, ends_at)
    select name, ${nonce}::uuid, ${request.evaluationId}, ${request.attempt}, ${request.processId}, granted_at,
      granted_at + make_interval(secs => ${CREATE_TIMEOUT_S + LIFE_S})
    from granted returning id`.execute(database);
  return rows[0] && { ledgerId: rows[0].id, nonce, grantedAtMs };
}

/** Another right to create for a slot that is held, in place of one that grew too old. `gone`: the slot is held no more. */
export async function takeCreation(
  database: Database,
  provider: string,
  ledgerId: string,
): Promise<'granted' | 'not yet' | 'gone'> {
  const { rows } = await sql<{ held: boolean; granted: boolean }>`
    with mine as (select id from sandboxes where id = ${ledgerId} and state = 'intended' for update),
    granted as (
      update providers set next_create_at = clock_timestamp()
        + make_interval(secs => coalesce(1.1 * slow_down / coalesce(own_creates_per_s, creates_per_s), 0))
      where name = ${provider} and next_create_at <= clock_timestamp() and exists (select 1 from mine) returning name),
    noted as (
      update sandboxes set ends_at = clock_timestamp() + make_interval(secs => ${CREATE_TIMEOUT_S + LIFE_S})
      from mine, granted where sandboxes.id = mine.id)
    select exists (select 1 from mine) as held, exists (select 1 from granted) as granted`.execute(database);
  if (rows[0]?.granted) return 'granted';
  return rows[0]?.held ? 'not yet' : 'gone';
}

/** Seconds until the next creation is allowed (0: now), for a wait that need not poll. */
export async function secondsToNextCreate(database: Database, provider: string): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from next_create_at - clock_timestamp())::float8 as seconds from providers where name = ${provider}`.execute(
    database,
  );
  return Math.max(0, rows[0]?.seconds ?? 0);
}

/**
 * The create was answered: the provider is well, whatever was thought of it. False: someone condemned the row meanwhile, so
 * the sandbox must be destroyed.
 */
export async function markAlive(database: Database, ledgerId: string, sandboxId: string): Promise<boolean> {
  const { rows } = await sql<{ state: string }>`
    with answered as (
      update sandboxes set sandbox_id = ${sandboxId}, alive_at = now(),
        state = case when state = 'intended' then 'alive' else state end,
        ends_at = case when state = 'intended' then now() + make_interval(secs => ${LIFE_S}) else ends_at end
      where id = ${ledgerId} returning state, provider),
    well as (
      update providers p set created_at = now(), outages = 0, trips = 0, breaker = 'closed', breaker_until = null, breaker_reason = null
      from answered where p.name = answered.provider
        and (p.outages > 0 or p.breaker <> 'closed' or p.created_at is null or p.created_at < now() - interval '1 second'))
    select state from answered`.execute(database);
  return rows[0]?.state === 'alive';
}

/** Writes the longer life before the provider is asked for it. False: condemned meanwhile, do not ask. */
export async function renew(database: Database, ledgerId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update sandboxes set ends_at = now() + make_interval(secs => ${LIFE_S})
    where id = ${ledgerId} and state = 'alive'`.execute(database);
  return numAffectedRows === 1n;
}

/** Announces the destroy; whoever gets true sends it. `lost`: it vanished by itself before its time. */
export async function condemn(database: Database, ledgerId: string, lost = false): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update sandboxes set state = 'condemned', lost = lost or ${lost}
    where id = ${ledgerId} and state in ('intended', 'alive')`.execute(database);
  return numAffectedRows === 1n;
}

/**
 * The sandbox is known to be gone, or was never asked for: its slot is free again. Safe to say twice. A probe that came to
 * nothing makes way for the next at once.
 */
export async function giveBack(database: Database, ledgerId: string): Promise<void> {
  await sql`
    with gone as (
      update sandboxes set state = 'gone', gone_at = now() where id = ${ledgerId} and state <> 'gone'
      returning provider, alive_at is null as unborn)
    update providers set held = held - 1,
      breaker_until = case when breaker = 'probing' and gone.unborn then clock_timestamp() else breaker_until end
    from gone where name = gone.provider`.execute(database);
}

/** A ledger row that somebody must still settle. */
export interface OpenRow {
  ledgerId: string;
  provider: string;
  sandboxId: string | null;
  nonce: string;
  state: 'intended' | 'alive' | 'condemned';
  /** Nobody works on it: its process has ended. */
  orphan: boolean;
  /** It is past the provider's own end plus a margin. */
  over: boolean;
}

/** Every ledger row of a provider that still holds a slot. */
export async function readOpenRows(database: Database, provider: string): Promise<OpenRow[]> {
  const { rows } = await sql<OpenRow>`
    select s.id as "ledgerId", s.provider, s.sandbox_id as "sandboxId", s.nonce, s.state,
      p.ended_at is not null as orphan,
      s.ends_at + make_interval(secs => ${MARGIN_S}) < now() as over
    from sandboxes s join processes p on p.id = s.process_id
    where s.provider = ${provider} and s.state <> 'gone'`.execute(database);
  return rows;
}

/** Share of the provider's sandboxes of the last day that vanished by themselves. */
export async function lossRate(database: Database, provider: string): Promise<number> {
  const { rows } = await sql<{ rate: number | null }>`
    select avg(lost::int)::float8 as rate from sandboxes
    where provider = ${provider} and alive_at > now() - interval '1 day'`.execute(database);
  return rows[0]?.rate ?? 0;
}
