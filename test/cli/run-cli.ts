import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');

/** How a command ended. */
export interface Ended {
  code: unknown;
  stdout: string;
  stderr: string;
}

/** A running command, as its user sees it. */
export interface Running {
  child: ChildProcessWithoutNullStreams;
  /** Resolves once standard error contains the text; rejects if the command ends before. */
  says(text: string): Promise<void>;
  /** The same with a pattern; resolves with what matched. */
  saysLike(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<Ended>;
}

/** Starts the built command in a folder, with variables besides the usual ones. */
export function startCli(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Running {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk));
  // Commands that read nothing close it.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, stdout, stderr }));
  const saysLike = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(stderr);
      if (match) return match;
      if (child.exitCode !== null) throw new Error(`ended without saying ${pattern.source}: ${stderr}`);
      await Promise.race([once(child.stderr, 'data'), ended]);
    }
  };
  const says = async (text: string): Promise<void> =>
    void (await saysLike(new RegExp(text.replaceAll(/[^\w\s]/g, '\\$&'))));
  return { child, says, saysLike, ended };
}
