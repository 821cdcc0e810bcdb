import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../../src/sandbox-server/main.ts');

/** Starts the server as a program of its own, in this home unless flags say otherwise. */
export function startProgram(home: string, flags: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...flags], {
    env: { PATH: process.env['PATH'], HOME: home, EVALPOOL_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What it says first on standard output. */
export async function firstLine({ stdout, stderr }: ChildProcess): Promise<string> {
  if (!stdout || !stderr) throw new Error('no pipes');
  stderr.pipe(process.stderr);
  const [line] = await once(createInterface(stdout), 'line');
  return String(line);
}
