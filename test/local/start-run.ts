import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { processesOf } from './processes-of.ts';

/** A run in a process of its own, holding a lease on the stack of that home. */
export async function startRun(
  home: string,
): Promise<{ run: ChildProcess; nextLine: () => Promise<string> }> {
  const fixture = join(import.meta.dirname, 'fixtures', 'hold-stack.ts');
  const env = { ...process.env, EVALPOOL_HOME: home };
  const run = spawn(process.execPath, ['--import', 'tsx', fixture], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  const lines = createInterface({ input: run.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => (await lines.next()).value ?? 'end';
  const first = await nextLine();
  if (first !== 'ready') throw new Error(`the run said ${first}`);
  return { run, nextLine };
}

/** The process of a home's stack whose command line has that part; NaN: there is none. */
export function pidOf(home: string, part: string): number {
  const found = processesOf(home).find(
    ({ command }) => command.includes(part) && !command.startsWith('/bin/sh'),
  );
  return found?.pid ?? Number.NaN;
}
