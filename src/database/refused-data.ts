import { DatabaseError } from 'pg';

/** Classes of SQLSTATE that speak of the data itself: data exception, integrity, program limit. Repeating changes nothing. */
const CLASSES = ['22', '23', '54'];

/** True if the database answered that it will never take this, in whatever state it is. */
export function isRefusedData(error: unknown): boolean {
  return error instanceof DatabaseError && CLASSES.includes(error.code?.slice(0, 2) ?? '');
}
