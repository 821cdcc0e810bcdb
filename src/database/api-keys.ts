import { sql } from 'kysely';
import { hashKey, makeKey, type Scope } from '../api-key.ts';
import { noteChange, type Actor } from './audit.ts';
import type { Database } from './connect.ts';

/** A key without its secret, which nobody can read again. */
export interface ApiKey {
  id: string;
  tenant: string;
  label: string;
  scopes: Scope[];
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

/** What a new key is to be. */
export type NewKey = Pick<ApiKey, 'tenant' | 'label' | 'scopes' | 'expiresAt'>;

const COLUMNS = [
  'id',
  'tenant',
  'label',
  'scopes',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'revoked_at as revokedAt',
] as const;

/** Makes a key; its secret is in the answer and nowhere else. */
export async function addKey(
  database: Database,
  by: Actor,
  { tenant, label, scopes, expiresAt }: NewKey,
): Promise<{ key: ApiKey; secret: string }> {
  const secret = makeKey();
  return database.transaction().execute(async (transaction) => {
    const key = await transaction
      .insertInto('api_keys')
      .values({ tenant, label, scopes, expires_at: expiresAt, hash: hashKey(secret) })
      .returning(COLUMNS)
      .executeTakeFirstOrThrow();
    await noteChange(transaction, by, { action: 'key.create', target: key.id, details: { tenant, scopes } });
    return { key, secret };
  });
}

/** The key of that secret, if it is in force. */
export async function findKey(database: Database, secret: string): Promise<ApiKey | undefined> {
  return database
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('hash', '=', hashKey(secret))
    .where('revoked_at', 'is', null)
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirst();
}

/** All keys, or one tenant's, those revoked and expired too, oldest first. */
export async function listKeys(database: Database, tenant: string | null): Promise<ApiKey[]> {
  const query = database.selectFrom('api_keys').select(COLUMNS).orderBy('id');
  return (tenant === null ? query : query.where('tenant', '=', tenant)).execute();
}

/** Revokes a key, of that tenant only unless null; false if there is none. Revoked again, nothing changes. */
export async function revokeKey(
  database: Database,
  by: Actor,
  { id, tenant }: { id: string; tenant: string | null },
): Promise<boolean> {
  return database.transaction().execute(async (transaction) => {
    let found = transaction
      .selectFrom('api_keys')
      .select(['id', 'revoked_at'])
      .where('id', '=', id)
      .forUpdate();
    if (tenant !== null) found = found.where('tenant', '=', tenant);
    const key = await found.executeTakeFirst();
    if (!key) return false;
    if (key.revoked_at) return true;
    const revoked = { revoked_at: sql<Date>`now()` };
    await transaction.updateTable('api_keys').set(revoked).where('id', '=', id).execute();
    await noteChange(transaction, by, { action: 'key.revoke', target: id });
    return true;
  });
}

/** True if any key is in force: a server that others can reach needs one. */
export async function hasKeys(database: Database): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (
    select 1 from api_keys where revoked_at is null and (expires_at is null or expires_at > now())) as found`.execute(
    database,
  );
  return rows[0]?.found ?? false;
}
