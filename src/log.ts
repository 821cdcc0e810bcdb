import { pino, type Logger } from 'pino';

export type Log = Logger;

/** The log of one process: JSON lines on standard error, so that standard output stays the user's. */
export function makeLog(process: string, level: string): Log {
  return pino({ name: process, level, base: { process } }, pino.destination({ dest: 2, sync: true }));
}
