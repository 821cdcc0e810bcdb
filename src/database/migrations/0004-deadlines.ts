import { sql, type Kysely } from 'kysely';

const STATEMENTS = [
  `alter table batches add deadline_at timestamptz`,
  // Finds the one that has waited longest in a batch of a million at one look.
  `create index evaluations_waiting_since on evaluations (batch_id, waiting_since) where state = 'waiting'`,
  // Where the process serves its health and metrics, as seen from its own host.
  `alter table processes add health text`,
];

/** Deadlines of batches, the age of what waits, and where processes are seen. */
export async function addDeadlines(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
