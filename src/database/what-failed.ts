import { DatabaseError } from 'pg';

// Classes of SQLSTATE, the first two characters of its codes (Appendix A of Postgres' manual).
/** Speak of the data itself: data exception, integrity, program limit. Repeating changes nothing. */
const REFUSED = ['22', '23', '54'];
/** Pass: connection, rollback for another's sake, resources, an operator's shutdown. */
const PASSING = ['08', '40', '53', '57'];

/** True if the database answered that it will never take this, in whatever state it is. */
export function isRefusedData(error: unknown): boolean {
  return error instanceof DatabaseError && isOfClass(error, REFUSED);
}

// pg has no class of its own for a connection that ended: its socket's error, or a plain one that only its text tells.
/** True if the database could not be asked, or had other troubles than with the work itself. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseError) return isOfClass(error, PASSING);
  if (/^Connection terminated|^Client has encountered a connection error/.test(error.message)) return true;
  const call: unknown = Reflect.get(error, 'syscall');
  return call === 'connect' || isReset(error) || isAway(error.cause);
}

function isReset(error: Error): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(String(Reflect.get(error, 'code')));
}

function isOfClass({ code }: DatabaseError, classes: readonly string[]): boolean {
  return classes.includes(code?.slice(0, 2) ?? '');
}
