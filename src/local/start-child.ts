import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EvalpoolError } from '../errors.ts';
import { GUARD } from './guard.ts';
import type { Nursery } from './nursery.ts';

/** What to start, and how to end it. */
export interface Program {
  name: string;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  user?: { uid: number; gid: number } | undefined;
  /** What asks it to end. */
  endSignal: 'TERM' | 'INT';
  /** Seconds that it lives on when the keeper vanishes, so that those who use it can hand back their work first. */
  lingerS: number;
  /** Seconds between being asked to end and being killed. */
  graceS: number;
  /** When the stack goes down, the lower ends first: 0 workers, 1 sandbox server, 2 stores. */
  rank: 0 | 1 | 2;
}

/** A program of the stack under its guard. */
export interface Child {
  name: string;
  pid: number;
  logFile: string;
  /** First line of standard output, as JSON. Rejects with STACK_FAILED when the program ends before. */
  firstLine: Promise<Record<string, unknown>>;
  /** Resolves, with the exit status, once nothing of it is left. */
  ended: Promise<number | null>;
  /** Asks it to end and resolves once it is gone. */
  end(): Promise<void>;
}

/** Starts a program under a guard that ends it when this process is gone. Its output goes to logs/<name>.log. */
export function startChild(nursery: Nursery, program: Program): Child {
  if (nursery.ending.signal.aborted) throw new EvalpoolError('STACK_FAILED', 'the local stack is going down');
  const logFile = join(nursery.logs, `${program.name}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const stdio: StdioOptions = ['pipe', 'pipe', log, nursery.lockFd ?? 'ignore'];
  const guard = spawn(
    '/bin/sh',
    [
      '-c',
      GUARD,
      'guard',
      program.endSignal,
      String(program.lingerS),
      String(program.graceS),
      ...program.argv,
    ],
    { stdio, env: program.env, cwd: '/', detached: true, ...program.user },
  );
  closeSync(log);
  // A guard that is gone already breaks the pipe that would have told it to end.
  guard.stdin?.on('error', () => {});
  const ended = whenGone(guard);
  const child: Child = {
    name: program.name,
    pid: guard.pid ?? -1,
    logFile,
    firstLine: readFirstLine(guard, ended, { name: program.name, logFile }),
    ended,
    end: async () => {
      guard.stdin?.end('end\n');
      await ended;
    },
  };
  nursery.alive.set(child, program.rank);
  void ended.then(() => nursery.alive.delete(child));
  return child;
}

async function whenGone(guard: ChildProcess): Promise<number | null> {
  const status = await new Promise<number | null>((resolve) => {
    guard.once('error', () => resolve(null));
    guard.once('exit', (code) => resolve(code));
  });
  // Whoever kills a guard must not leave its program behind.
  if (guard.pid !== undefined) killGroup(guard.pid);
  return status;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the usual case, nothing is left.
  }
}

function readFirstLine(
  guard: ChildProcess,
  ended: Promise<number | null>,
  from: { name: string; logFile: string },
): Promise<Record<string, unknown>> {
  const line = new Promise<Record<string, unknown>>((resolve, reject) => {
    // Later lines are read and dropped: a full pipe would stall the program.
    if (guard.stdout)
      createInterface({ input: guard.stdout }).once('line', (text) => resolve(parseLine(text)));
    void ended.then((status) => reject(endedEarly(from, status)));
  });
  // Those who do not wait for a first line must not fall over its absence.
  line.catch(() => {});
  return line;
}

function parseLine(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function endedEarly(from: { name: string; logFile: string }, status: number | null): EvalpoolError {
  const last = readFileSync(from.logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  const said = last ? `, and last said: ${last.slice(0, 400)}` : '';
  return new EvalpoolError(
    'STACK_FAILED',
    `${from.name} ended (status ${status})${said}; log: ${from.logFile}`,
  );
}
