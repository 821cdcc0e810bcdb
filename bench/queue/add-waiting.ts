import { sql } from 'kysely';
import type { Database } from '../../src/database/connect.ts';

/** Puts a sealed batch of so many waiting evaluations into the tables at once, by SQL; returns its id. */
export async function addWaiting(
  database: Database,
  of: { name: string; provider: string; count: number; seconds: readonly [number, number] },
): Promise<string> {
  const [fromS, toS] = of.seconds;
  const { rows } = await sql<{ id: string }>`
    with batch as (
      insert into batches (name, provider, state, total) values (${of.name}, ${of.provider}, 'sealed', ${of.count})
      returning id),
    added as (
      insert into evaluations (batch_id, task_id, sample, content_hash, submission, spec)
      select batch.id, 'task-' || n, 0, md5(n::text), gen_random_uuid(), json_build_object('id', 'task-' || n,
        'test', 'sim ' || round((${fromS}::float8 + random() * ${toS - fromS}::float8)::numeric, 2) || ' out 1k')
      from batch, generate_series(1, ${of.count}::int) as n)
    select id from batch`.execute(database);
  // What autovacuum and the checkpointer do within minutes, before anything is measured.
  await sql`vacuum analyze evaluations`.execute(database);
  await sql`checkpoint`.execute(database);
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('no batch was added');
  return id;
}
