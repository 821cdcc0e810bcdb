import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CommandExitError, Sandbox } from 'e2b';
import type { Field, Ran } from './attack.ts';
import { layTargets } from './host-targets.ts';
import type { StartMode } from './start-modes.ts';

const MAIN = join(import.meta.dirname, '../../../src/sandbox-server/main.ts');
const LIMITS = { memoryMb: 192, processes: 96, diskMb: 64 };
// The server starts with a descriptor that nobody meant it to have, as from a careless shell or supervisor.
const CARELESS = 'exec 200<"$0"; exec "$@"';

/** A field and its end. */
export interface StartedField extends Field {
  /** Kills the sandboxes that were made since last time. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a real server in this mode and lays out what is to be attacked. `wall`: more flags, which choose another wall. */
export async function startField(mode: StartMode, wall: readonly string[] = []): Promise<StartedField> {
  const host = await layTargets();
  const home = mkdtempSync(join(tmpdir(), 'evalpool-attacked-'));
  chmodSync(home, 0o755);
  mode.own(home);
  const apiKey = `key-${host.secret}`;
  const limits = Object.entries(LIMITS).flatMap(([name, value]) => [`--${dashed(name)}`, String(value)]);
  const node = [process.execPath, '--import', 'tsx', MAIN, '--json', '--home', home];
  const argv = [
    'bash',
    '-c',
    CARELESS,
    host.file,
    ...mode.wrap([...node, ...limits, ...mode.flags, ...wall]),
  ];
  const program = spawn(argv[0] ?? '', argv.slice(1), {
    env: { PATH: process.env['PATH'], HOME: home, EVALPOOL_HOME: home, EVALPOOL_SANDBOX_KEY: apiKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url, wall: report } = await announcementOf(program);
  const sandboxes: Sandbox[] = [];
  const sandbox = async (network: 'none' | 'nat' = 'none'): Promise<Sandbox> => {
    const sdk = { apiUrl: url, sandboxUrl: url, apiKey, allowInternetAccess: network !== 'none' };
    const made = await Sandbox.create(sdk);
    sandboxes.push(made);
    return made;
  };
  const clear = async (): Promise<void> => {
    await Promise.all(sandboxes.splice(0).map((each) => each.kill()));
  };
  const close = async (): Promise<void> => {
    program.kill('SIGTERM');
    if (program.exitCode === null) await once(program, 'exit');
    host.close();
    rmSync(home, { recursive: true, force: true });
  };
  const { networks, facts } = report;
  const countsMemory = facts.some(({ name, by }) => name === 'memory' && by.startsWith('cgroup'));
  const server = { serverPid: serverAt(home), url, apiKey, networks, countsMemory, limits: LIMITS };
  return { mode, host, ...server, sandbox, run, clear, close };
}

async function run(sandbox: Sandbox, script: string): Promise<Ran> {
  try {
    return ran(await sandbox.commands.run(script));
  } catch (error) {
    if (error instanceof CommandExitError) return ran(error);
    throw error;
  }
}

function ran({ stdout, stderr, exitCode }: { stdout: string; stderr: string; exitCode: number }): Ran {
  return { out: stdout, err: stderr, exitCode };
}

interface Announcement {
  url: string;
  wall: { networks: string[]; facts: Array<{ name: string; by: string }> };
}

async function announcementOf({ stdout }: ChildProcess): Promise<Announcement> {
  if (!stdout) throw new Error('no pipe');
  const lines = createInterface(stdout);
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (typeof line !== 'string') throw new Error('the server did not start');
  return JSON.parse(line);
}

/** Its pid as we see it, whatever started it. */
function serverAt(home: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return Number(pids.find((pid) => isServerAt(pid, home)));
}

function isServerAt(pid: string, home: string): boolean {
  try {
    const [program = '', ...rest] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program === process.execPath && rest.includes(home);
  } catch {
    return false;
  }
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
