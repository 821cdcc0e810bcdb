import { readdirSync, readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

/** What a server may leave behind. Run in a pid namespace of its own, so that all processes seen are ours. */
export interface Stock {
  processes: number;
  mounts: number;
  cgroups: number;
  /** Files and folders under the server's home. */
  files: number;
}

const CGROUPS = '/sys/fs/cgroup';

/** Counts what is there now. `cgroupsBefore`: names that are not ours. */
export function takeStock(home: string, cgroupsBefore: ReadonlySet<string> = new Set()): Stock {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    processes: livingProcesses().length,
    mounts: mounts.filter((line) => line.includes(home)).length,
    cgroups: [...cgroupNames()].filter((name) => !cgroupsBefore.has(name)).length,
    files: list(home, true).length,
  };
}

/** Every process but this one and the namespace's first; zombies are only waited for. */
export function livingProcesses(): number[] {
  return list('/proc')
    .map(({ name }) => Number(name))
    .filter((pid) => Number.isInteger(pid) && pid !== 1 && pid !== process.pid)
    .filter((pid) => !/^State:\tZ/m.test(read(`/proc/${pid}/status`) || 'State:\tZ'));
}

/** Control groups of sandbox servers, in all hierarchies. */
export function cgroupNames(): Set<string> {
  const trees = [CGROUPS, ...list(CGROUPS).map(({ name }) => join(CGROUPS, name))];
  return new Set(
    trees.flatMap((tree) =>
      list(tree)
        .map(({ name }) => name)
        .filter((name) => name.startsWith('evalpool-'))
        .map((name) => join(tree, name)),
    ),
  );
}

/** Open descriptors, and proportional memory in MiB, of a process and its children. */
export function sizeOf(pid: number): { fds: number; pssMiB: number } {
  const family = [pid, ...read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)];
  const pss = family.map((each) => /^Pss:\s+(\d+)/m.exec(read(`/proc/${each}/smaps_rollup`))?.[1] ?? '0');
  return {
    fds: family.reduce((sum, each) => sum + list(`/proc/${each}/fd`).length, 0),
    pssMiB: Math.round(pss.reduce((sum, kib) => sum + Number(kib), 0) / 1024),
  };
}

function list(folder: string, recursive = false): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive });
  } catch {
    return []; // it ended meanwhile
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
