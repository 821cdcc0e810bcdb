import type { Database } from './connect.ts';

/** Who changes something. `actor`: `key:<id>`, or `cli`. */
export interface Actor {
  tenant: string;
  actor: string;
}

/** A change as it is told afterwards. */
export interface AuditEntry extends Actor {
  id: string;
  at: Date;
  /** What was done, as `noun.verb`. */
  action: string;
  /** To what: a name or id. */
  target: string;
  details: Record<string, unknown>;
}

/** Notes a change. Called within the transaction that makes it. */
export async function noteChange(
  transaction: Database,
  { tenant, actor }: Actor,
  change: Pick<AuditEntry, 'action' | 'target'> & { details?: Record<string, unknown> },
): Promise<void> {
  const { action, target, details = {} } = change;
  await transaction
    .insertInto('audit')
    .values({ tenant, actor, action, target, details: JSON.stringify(details) })
    .execute();
}

/** The newest changes first, `most` of them, of one tenant or of all; `before`: those older than the entry of that id. */
export async function readAudit(
  database: Database,
  { tenant, before, most }: { tenant: string | null; before?: string | undefined; most: number },
): Promise<AuditEntry[]> {
  let query = database.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(most);
  if (tenant !== null) query = query.where('tenant', '=', tenant);
  if (before !== undefined) query = query.where('id', '<', before);
  return query.execute();
}
