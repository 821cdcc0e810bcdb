import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { makeLog } from '../../../src/log.ts';
import type { Box, BoxCommand, BoxLimits, LayerStack, Wall } from '../../../src/sandbox-server/box.ts';
import type { Control } from '../../../src/sandbox-server/walls/cgroup-hierarchies.ts';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { openWall } from '../../../src/sandbox-server/walls/open-wall.ts';

export const LIMITS: BoxLimits = { memoryMb: 256, cpus: 1, processes: 64, diskMb: 32 };
export const IS_ROOT = process.getuid?.() === 0;

export interface Ran {
  out: string;
  err: string;
  exit: { code: number } | { signal: string };
}

/** A wall of its own for one test file, with all it can have unless told. `close` removes everything. */
export async function startWall(
  controls?: readonly Control[],
  mountLayers = true,
): Promise<{
  home: string;
  wall: Wall;
  open: (layers?: LayerStack) => Promise<HostBox>;
  close: () => Promise<void>;
}> {
  const home = mkdtempSync(join(tmpdir(), 'evalpool-walls-'));
  const log = makeLog('test', 'warn');
  const wall = await openWall({ home, log, mountLayers, ...(controls && { controls }) });
  let boxes = 0;
  const open = async (layers?: LayerStack): Promise<HostBox> =>
    wall.open({ id: `box${++boxes}`, limits: LIMITS, network: 'none', layers });
  const close = async (): Promise<void> => {
    await wall.close();
    // A candidate can close its folders to their owner, and what it wrote lies in layers.
    spawnSync('chmod', ['-R', 'u+rwx', home]);
    rmSync(home, { recursive: true, force: true });
  };
  return { home, wall, open, close };
}

/** A command as the protocol layer starts it. */
export function bash(script: string): BoxCommand {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/user' };
  return { argv: ['/bin/bash', '-c', script], env, cwd: '/home/user', user: 'user', stdin: false };
}

/** Runs a script in a box to its end. */
export async function run(box: Box, script: string): Promise<Ran> {
  const process = await box.start(bash(script));
  const [out, err, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
  return { out, err, exit };
}

/** Reads a stream until it holds the text. */
export async function until(stream: Readable, wanted: string): Promise<string> {
  let seen = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (seen.includes(wanted)) return seen;
  }
  throw new Error(`ended without '${wanted}': ${seen}`);
}

async function text(stream: Readable): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

/** The pid of the launcher that this process has started. */
export function launcherPid(): number {
  const ours = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return (
        / perl\) . /.test(' ' + readFileSync(`/proc/${name}/stat`, 'utf8').replace('(', ' ')) &&
        parentOf(name) === process.pid
      );
    } catch {
      return false;
    }
  });
  return Number(ours[0]);
}

function parentOf(pid: string): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
}
