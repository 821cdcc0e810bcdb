import { sql } from 'kysely';
import type { Database } from '../database/connect.ts';

// What a provider shows of itself moves its limits for every evaluator at once, since all of them stand in its row:
// 1. "too many sandboxes" lowers the limit to what it is seen to hold; it rises again by one at a time.
// 2. "too often" slows creations for all; they quicken again slowly.
// 3. Failures that meet everybody open a breaker: nothing is created until a probe, one at a time, succeeds.

/** Failures in a row, with no creation between, that open the breaker. */
const OUTAGES_TO_OPEN = 5;
const FIRST_PAUSE_S = 2;
const LONGEST_PAUSE_S = 60;
const SLOWEST = 16;
/** A limit that the provider showed is tried one higher after so long without another refusal, seconds. */
const RAISE_AFTER_S = 20;
/** Kept of the slow-down each second. */
const QUICKEN = 0.98;
/** A creation so recent shows that a failure is not everybody's, seconds, */
const RECENT_S = 10;
/** but no more than so many in a row: the onset of an outage comes right after a creation as well. */
const MOST_OWN = 2;
/** Who refuses politely is there. */
const WELL = sql`outages = 0, trips = 0, breaker = 'closed', breaker_until = null, breaker_reason = null`;

/** The provider holds as many sandboxes as it lets us: those that live are the limit from now on, at least one. */
export async function noteFull(database: Database, provider: string): Promise<void> {
  await sql`
    update providers p set seen_at = now(), ${WELL}, seen_limit = greatest(1, least(coalesce(seen_limit, held),
      (select count(*) from sandboxes s where s.provider = p.name and s.state <> 'gone' and s.sandbox_id is not null)))
    where name = ${provider}`.execute(database);
}

/** The provider was asked too often: creations of all evaluators slow down. */
export async function noteTooOften(database: Database, provider: string): Promise<void> {
  await sql`
    update providers set slow_down = least(${SLOWEST}, slow_down * 2), ${WELL},
      next_create_at = greatest(next_create_at, clock_timestamp()
        + make_interval(secs => least(${SLOWEST}, slow_down * 2) / coalesce(own_creates_per_s, creates_per_s, 1)))
    where name = ${provider}`.execute(database);
}

/**
 * A failure that may meet everybody. Opens the breaker after some in a row, at once when it was a probe's.
 * True: it is one of the first since a recent creation, so it is this evaluation's own and counts against its attempts.
 */
export async function noteOutage(database: Database, provider: string, reason: string): Promise<boolean> {
  const { rows } = await sql<{ own: boolean }>`
    update providers set outages = outages + 1,
      breaker = case when ${opens()} then 'open' else breaker end,
      breaker_reason = case when ${opens()} then ${reason} else breaker_reason end,
      breaker_until = case when ${opens()} then clock_timestamp() + make_interval(secs => (0.75 + random() / 2)
        * least(${LONGEST_PAUSE_S}, ${FIRST_PAUSE_S} * power(2, least(trips, 10)))) else breaker_until end,
      trips = case when ${opens()} then trips + 1 else trips end
    where name = ${provider}
    returning outages <= ${MOST_OWN}
      and coalesce(created_at > now() - make_interval(secs => ${RECENT_S}), false) as own`.execute(database);
  return rows[0]?.own ?? false;
}

// While it is open, what was under way before fails too: that neither prolongs the pause nor counts again.
function opens(): ReturnType<typeof sql> {
  return sql`(breaker = 'probing' or (breaker = 'closed' and outages + 1 >= ${OUTAGES_TO_OPEN}))`;
}

/** Once a second: lets limits that the provider showed rise again, and creations quicken. Wakes nobody. */
export async function recoverLimits(database: Database): Promise<void> {
  await sql`
    update providers set
      slow_down = greatest(1, slow_down * ${QUICKEN}),
      seen_limit = case when seen_at > now() - make_interval(secs => ${RAISE_AFTER_S}) then seen_limit
        when seen_limit + 1 < coalesce(own_max_sandboxes, max_sandboxes) then seen_limit + 1 end,
      seen_at = case when seen_at > now() - make_interval(secs => ${RAISE_AFTER_S}) then seen_at else now() end
    where slow_down > 1 or seen_limit is not null`.execute(database);
}

/** How many sandboxes of the account are not this deployment's, as of the last listing: they take of our slots. */
export async function noteForeign(database: Database, provider: string, count: number): Promise<void> {
  await sql`update providers set foreign_sandboxes = ${count}
    where name = ${provider} and foreign_sandboxes <> ${count}`.execute(database);
}
