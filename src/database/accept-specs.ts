import { sql } from 'kysely';
import type { SpecInput } from '../spec.ts';
import { EvalpoolError } from '../errors.ts';
import type { Database } from './connect.ts';

/** A valid spec on its way into a batch. */
export interface Candidate {
  /** As its author wrote it; defaults are filled in when it is evaluated. */
  spec: SpecInput;
  contentHash: string;
  /** Where it came from, for messages: `file:line`, or a job's id. */
  source: string | null;
  /** A producer's own name for it, accepted once. */
  key?: string | null;
}

/** A candidate that was in the batch already. */
export interface Known {
  candidate: Candidate;
  evaluationId: string;
  sameContent: boolean;
  sameSubmission: boolean;
  /** Where the first one came from. */
  source: string | null;
}

/**
 * Accepts specs into a batch in one statement; accepted means committed. A batch that grows is open again; known specs add
 * nothing. `submission` tells a spec doubled in one file from a file submitted again. Throws BATCH_CANCELLED.
 */
export async function acceptSpecs(
  database: Database,
  batchId: string,
  submission: string,
  candidates: readonly Candidate[],
): Promise<{ accepted: number; ids: string[]; known: Known[] }> {
  const column = <T>(read: (candidate: Candidate) => T): T[] => candidates.map(read);
  // Columns of text, cast one by one: functions that take a whole json document refuse \\u0000 inside it. One statement, so
  // that the server works while we read on: each further question would wait for a turn of our busy loop.
  const { rows: inserted } = await sql<Inserted>`
    with fresh as (
      insert into evaluations (batch_id, task_id, sample, content_hash, spec, source, submission, priority, key)
      select ${batchId}::bigint, r.t, r.n, r.h, r.s::json, r.f, ${submission}::uuid, r.p, r.k
      from unnest(${column(({ spec }) => spec.id)}::text[], ${column(({ spec }) => spec.sample ?? 0)}::int[],
        ${column(({ contentHash }) => contentHash)}::text[], ${column(({ spec }) => JSON.stringify(spec))}::text[],
        ${column(({ source }) => source)}::text[], ${column(({ spec }) => spec.priority ?? 0)}::int[],
        ${column(({ key }) => key ?? null)}::text[]) as r(t, n, h, s, f, p, k)
      where exists (select 1 from batches where id = ${batchId}::bigint and cancelled_at is null for no key update)
      on conflict do nothing returning id, task_id, sample),
    counted as (
      update batches set total = total + f.number, fed_at = now(),
        state = case when f.number > 0 then 'open' else state end,
        finished_at = case when f.number > 0 then null else finished_at end
      from (select count(*) as number from fresh) f where id = ${batchId}::bigint)
    select id, task_id as "taskId", sample from fresh`.execute(database);
  const told = { accepted: inserted.length, ids: inserted.map((row) => row.id) };
  if (inserted.length === candidates.length) return { ...told, known: [] };
  const rest = without(inserted, candidates);
  const known = await readKnown(database, { batchId, submission, rest });
  if (known.length < rest.length) await refuseCancelled(database, batchId);
  return { ...told, known };
}

async function refuseCancelled(database: Database, batchId: string): Promise<void> {
  const row = await database
    .selectFrom('batches')
    .select('cancelled_at')
    .where('id', '=', batchId)
    .executeTakeFirst();
  if (!row) throw new EvalpoolError('STORE_FAILED', 'the batch is no longer there: it was removed meanwhile');
  if (row.cancelled_at)
    throw new EvalpoolError('BATCH_CANCELLED', 'the batch was cancelled: nothing more is accepted into it');
}

function without(settled: readonly Inserted[], candidates: readonly Candidate[]): Candidate[] {
  const names = new Set(settled.map((row) => `${row.sample} ${row.taskId}`));
  return candidates.filter(({ spec }) => !names.delete(`${spec.sample ?? 0} ${spec.id}`));
}

interface Inserted {
  id: string;
  taskId: string;
  sample: number;
}

async function readKnown(
  database: Database,
  from: {
    batchId: string;
    submission: string;
    rest: readonly Candidate[];
  },
): Promise<Known[]> {
  const { rest } = from;
  const { rows } = await sql<{
    n: string;
    id: string;
    content_hash: string;
    submission: string;
    source: string | null;
  }>`
    select r.i as n, e.id, e.content_hash, e.submission, e.source
    from unnest(${rest.map(({ spec }) => spec.id)}::text[], ${rest.map(({ spec }) => spec.sample ?? 0)}::int[])
      with ordinality as r(t, n, i)
    join evaluations e on e.batch_id = ${from.batchId} and e.task_id = r.t and e.sample = r.n`.execute(
    database,
  );
  return rows.flatMap((row) => {
    const candidate = rest[Number(row.n) - 1];
    if (!candidate) return [];
    return {
      candidate,
      evaluationId: row.id,
      sameContent: row.content_hash === candidate.contentHash,
      sameSubmission: row.submission === from.submission,
      source: row.source,
    };
  });
}

/** Records input lines that are no specs: they count in N as invalid. Told again, they add nothing. */
export async function addUnreadable(
  database: Database,
  batchId: string,
  lines: ReadonlyArray<{ source: string; message: string }>,
): Promise<void> {
  if (lines.length === 0) return;
  await database.transaction().execute(async (tx) => {
    const { rows } = await sql`
      insert into unreadable_lines (batch_id, source, message)
      select ${batchId}, r.source, r.message from json_to_recordset(${JSON.stringify(lines)}::json) as r(source text, message text)
      on conflict do nothing returning 1`.execute(tx);
    await sql`update batches set unreadable = unreadable + ${rows.length} where id = ${batchId}`.execute(tx);
  });
}
