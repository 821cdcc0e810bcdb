import { sql, type Kysely } from 'kysely';

const STATEMENTS = [
  // What people set by hand apart from what the settings say, so that a restart does not undo it.
  `alter table providers add own_reserve integer check (own_reserve >= 0)`,
  `update providers set own_reserve = reserve, reserve = 0 where reserve > 0`,
  `alter table providers drop column slots`,
  `alter table providers add slots integer not null generated always as (greatest(0, least(
      coalesce(own_max_sandboxes, max_sandboxes) - coalesce(own_reserve, reserve) - foreign_sandboxes, seen_limit))) stored`,

  // Whose sandboxes an evaluator uses.
  `alter table processes add provider text`,
];

/** Reserves from the settings, and evaluators of several providers. */
export async function addSeveralProviders(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
