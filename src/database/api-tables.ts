import type { ColumnType, GeneratedAlways } from 'kysely';
import type { Scope } from '../api-key.ts';

/** Keys of the HTTP API. `hash`: SHA-256 of the secret. */
export interface ApiKeys {
  id: GeneratedAlways<string>;
  tenant: string;
  label: string;
  hash: Buffer;
  scopes: Scope[];
  created_at: ColumnType<Date, Date | undefined, Date>;
  expires_at: Date | null;
  revoked_at: Date | null;
}

/** Who changed what. */
export interface Audit {
  id: GeneratedAlways<string>;
  at: ColumnType<Date, Date | undefined, Date>;
  tenant: string;
  actor: string;
  action: string;
  target: string;
  details: ColumnType<Record<string, unknown>, string, never>;
}
