import { sql, type Kysely } from 'kysely';

const STATEMENTS = [
  // When the evaluation was accepted, last of all: with its id it makes the id of its trace. Evaluations of before count as
  // accepted now.
  `alter table evaluations add accepted_at timestamptz not null default now()`,

  // How much logs are to tell, where it is not what a process was started with: of every process, or of those of one kind.
  `create table log_levels (
    kind text primary key check (kind in ('all', 'dispatcher', 'evaluator', 'reaper')),
    level text not null check (level in ('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')),
    until timestamptz not null)`,
];

/** When evaluations were accepted, and levels of logs that processes follow. */
export async function addObserved(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
