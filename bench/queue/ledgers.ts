import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../src/database/connect.ts';
import type { Account } from '../server/start.ts';
import type { Held } from './slot-use.ts';

/** When slots were held by our own ledger: from the grant, which comes before the create, until known gone. */
export async function readOurs(database: Database): Promise<Held[]> {
  const { rows } = await sql<Held>`
    select extract(epoch from granted_at)::float8 * 1000 as "fromMs", extract(epoch from gone_at)::float8 * 1000 as "toMs"
    from sandboxes where gone_at is not null`.execute(database);
  return rows;
}

const Entry = z.object({ what: z.string(), id: z.string().nullable(), atMs: z.number().optional() });

/** When sandboxes lived by the server's ledger; those that live still are left out. */
export async function readServers({ apiUrl, apiKey }: Account): Promise<Held[]> {
  const answer = await fetch(`${apiUrl}/admin/ledger/entries`, { headers: { 'x-api-key': apiKey } });
  if (!answer.ok) throw new Error(`the ledger answers ${answer.status}`);
  const born = new Map<string, number>();
  const held: Held[] = [];
  for (const line of (await answer.text()).split('\n').filter(Boolean)) {
    const { what, id, atMs = 0 } = Entry.parse(JSON.parse(line));
    if (id === null) continue;
    if (what === 'live') born.set(id, atMs);
    const fromMs = born.get(id);
    if (what === 'gone' && fromMs !== undefined) held.push({ fromMs, toMs: atMs });
  }
  return held;
}
