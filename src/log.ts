import { hostname } from 'node:os';
import { isatty } from 'node:tty';
import { pino, type Logger } from 'pino';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';
import { prettyLine } from './pretty-line.ts';
import { makeLineScrub } from './scrub.ts';

/** Says something: what it is about as fields (docs/operations.md has their names), then in words; or in words alone. */
type Say = (about: object | string, words?: string) => void;

/** The log of a process, or what of it is about one thing. */
export interface Log {
  fatal: Say;
  error: Say;
  warn: Say;
  info: Say;
  debug: Say;
  /** May be changed while the process runs, for every log made by `about` as well. */
  level: LogLevel;
  /** The same log, with these fields on every line. */
  about(fields: object): Log;
}

const STDERR = 2;
/** Fields that hold secrets, whatever their value: in what is logged, in errors, and in what errors carry. */
const SECRET_FIELDS = ['apiKey', 'authorization', 'password', 'token', 'secret', 'secrets', 'headers', 'env'];

/**
 * The log of one process, on standard error, so that standard output stays the user's: JSON lines, or words where that is a
 * terminal. No line shows one of the `secrets`.
 */
export function makeLog(kind: string, level: LogLevel, secrets: readonly string[] = []): Log {
  const stderr = pino.destination({ dest: STDERR, sync: true });
  const terminal = { write: (line: string) => stderr.write(prettyLine(line)) };
  return logTo(isatty(STDERR) ? terminal : stderr, { kind, level, secrets });
}

/** The same on whatever takes lines of JSON. */
export function logTo(
  out: { write(line: string): unknown },
  { kind, level, secrets }: { kind: string; level: LogLevel; secrets: readonly string[] },
): Log {
  const options = {
    level,
    base: { process: kind, host: hostname(), pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '***',
    },
    hooks: { streamWrite: makeLineScrub(secrets) },
  };
  return sayOn(pino(options, out), {});
}

// Not pino's own children: those keep the level that was in force when they were made.
function sayOn(root: Logger, fields: object): Log {
  const at =
    (level: 'fatal' | 'error' | 'warn' | 'info' | 'debug'): Say =>
    (about, words) => {
      if (!root.isLevelEnabled(level)) return;
      if (typeof about === 'string') root[level](fields, about);
      else root[level]({ ...fields, ...about }, words);
    };
  return {
    fatal: at('fatal'),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    get level() {
      return LOG_LEVELS.find((each) => each === root.level) ?? 'info';
    },
    set level(level) {
      root.level = level;
    },
    about: (more) => sayOn(root, { ...fields, ...more }),
  };
}
