import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import type { BoxLimits } from '../box.ts';
import { findHierarchies, type Control, type Hierarchy } from './cgroup-hierarchies.ts';
import { freezeByGroup } from './freezer.ts';
import type { ControlGroup } from './group-usage.ts';

/** The control groups of one box. */
export interface BoxGroups {
  /** A process of one thread that writes 0 to each of these files is in them. */
  joins: string[];
  /** The one in the tree that has this control, if it is in force. */
  with(control: Control): ControlGroup | undefined;
  /** Removes them once they are empty. */
  remove(): Promise<void>;
}

const PERIOD_US = 100_000;
const MEGABYTE = 1024 * 1024;
/** Part of its memory that a box may have in sockets besides. */
const SOCKET_PART = 4;
// Through cgroup.procs the kernel waits for all its readers (5 to 14 ms measured on an idle machine); a single thread that
// moves itself by v1's other file does not. v2 lets only threaded groups have that file.
const JOIN_FILE = { 1: 'tasks', 2: 'cgroup.procs' };
const OURS = /^evalpool-\d+-/;
/** How often a group of ours is made anew that others removed. */
const MOST_TRIES = 200;
/** Group of the launcher. It holds a process as long as the server lives, which marks the groups beside it as in use. */
const LAUNCHER = 'launcher';

/**
 * Limits by control groups, of version 2, 1 or both, as far as this process may make any.
 *
 * 1. One group of this server in each hierarchy that has a control we want, one below it for each box.
 * 2. Only commands join: the first process of a box stays outside, so that its memory limit cannot kill it.
 * 3. Removes what servers that are no more left behind.
 */
export class Cgroups {
  readonly #hierarchies: Hierarchy[];
  readonly #name = `evalpool-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #log: Log;

  constructor(log: Log, controls?: readonly Control[]) {
    this.#log = log;
    const found = findHierarchies(controls);
    for (const { folder } of found) removeLeftOvers(folder);
    this.#hierarchies = found.filter((hierarchy) => hierarchy.prepare(join(hierarchy.folder, this.#name)));
  }

  /** `cgroup v1` or `cgroup v2` where the control is in force, else null. */
  by(control: Control): string | null {
    const hierarchy = this.#hierarchies.find((each) => each.controls.includes(control));
    return hierarchy ? `cgroup v${hierarchy.version}` : null;
  }

  /**
   * Moves the launcher into a group of ours, without limits. Until it is there, another server that starts may take our empty
   * group for one that was left behind.
   */
  adopt(pid: number): void {
    for (const hierarchy of this.#hierarchies)
      for (let tries = 0; tries < MOST_TRIES && !this.#enter(hierarchy, pid); tries++);
  }

  // False: the group was removed before the launcher was in it.
  #enter(hierarchy: Hierarchy, pid: number): boolean {
    const own = join(hierarchy.folder, this.#name);
    const group = join(own, LAUNCHER);
    try {
      if (!existsSync(own)) hierarchy.prepare(own);
      mkdirSync(group, { recursive: true });
      writeFileSync(join(group, 'cgroup.procs'), String(pid));
      return true;
    } catch (error) {
      // ENODEV: it is being removed, though it still shows.
      if (hasCode(error, 'ENOENT', 'ENODEV')) return false;
      this.#log.warn({ group, error: String(error) }, 'the launcher could not be put into a control group');
      return true;
    }
  }

  /** Makes the groups of one box with its limits. */
  make(id: string, limits: BoxLimits): BoxGroups {
    const folders = this.#hierarchies.map(({ folder }) => join(folder, this.#name, id));
    this.#hierarchies.forEach((hierarchy, at) => {
      const folder = folders[at] ?? '';
      mkdirSync(folder);
      for (const [file, value] of settings(hierarchy, limits)) this.#set(join(folder, file), value);
    });
    const groupWith = (control: Control): ControlGroup | undefined => {
      const at = this.#hierarchies.findIndex(({ controls }) => controls.includes(control));
      const [hierarchy, folder] = [this.#hierarchies[at], folders[at]];
      return hierarchy && folder !== undefined ? { folder, version: hierarchy.version } : undefined;
    };
    const freezing = groupWith('freezer');
    return {
      joins: this.#hierarchies.map(({ version }, at) => join(folders[at] ?? '', JOIN_FILE[version])),
      with: groupWith,
      remove: async () => {
        if (freezing) await freezeByGroup(freezing).thaw(); // the launcher does so too, unless it was killed
        await this.#remove(folders);
      },
    };
  }

  /** Removes this server's groups; those of its boxes must be gone. */
  async close(): Promise<void> {
    const groups = this.#hierarchies.map(({ folder }) => join(folder, this.#name));
    await this.#remove(groups.flatMap((group) => [join(group, LAUNCHER), group]));
  }

  #set(file: string, value: string): void {
    try {
      if (existsSync(file)) writeFileSync(file, value);
    } catch (error) {
      this.#log.warn({ file, value, error: String(error) }, 'a limit could not be set');
    }
  }

  // The kernel lets go of a dead process's group a moment after its parent has seen it dead.
  async #remove(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      for (let tries = 0; !removed(folder); tries++) {
        if (tries === 200) return this.#log.warn({ folder }, 'a control group could not be removed');
        await wait(5);
      }
    }
  }
}

function settings({ version, controls }: Hierarchy, limits: BoxLimits): Array<[file: string, value: string]> {
  const bytes = String(limits.memoryMb * MEGABYTE);
  const quota = String(Math.round(limits.cpus * PERIOD_US));
  const set: Array<[string, string]> = [];
  if (controls.includes('memory') && version === 2) set.push(['memory.max', bytes], ['memory.swap.max', '0']);
  if (controls.includes('memory') && version === 1)
    set.push(
      ['memory.limit_in_bytes', bytes],
      ['memory.memsw.limit_in_bytes', bytes],
      // Version 1 counts what sockets hold apart, and only once it has a limit.
      ['memory.kmem.tcp.limit_in_bytes', String((limits.memoryMb * MEGABYTE) / SOCKET_PART)],
    );
  if (controls.includes('pids')) set.push(['pids.max', String(limits.processes)]);
  if (controls.includes('cpu') && limits.cpus < availableParallelism())
    set.push(version === 2 ? ['cpu.max', `${quota} ${PERIOD_US}`] : ['cpu.cfs_quota_us', quota]);
  return set;
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return hasCode(error, 'ENOENT');
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

// Not by the pid in the name: a server in another container may share these trees, and its pids mean nothing here. Version 1
// does not even show us its processes, but a group that holds one cannot be removed: the launcher's goes first.
function removeLeftOvers(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => OURS.test(each))) {
    const left = join(folder, name);
    const groups = [...subgroups(left), left];
    if (!removed(join(left, LAUNCHER))) continue;
    // What version 1 froze cannot die before it is thawed; its box was killed with its server.
    for (const group of groups) thaw(group);
    if (groups.some(hasProcess)) continue;
    for (const group of groups) removed(group);
  }
}

function thaw(group: string): void {
  try {
    const state = join(group, 'freezer.state');
    if (existsSync(state)) writeFileSync(state, 'THAWED');
  } catch {
    // its own server removed it meanwhile
  }
}

function subgroups(group: string): string[] {
  try {
    const entries = readdirSync(group, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(group, entry.name));
  } catch {
    return []; // its own server removed it meanwhile
  }
}

function hasProcess(group: string): boolean {
  try {
    return readFileSync(join(group, 'cgroup.procs'), 'utf8') !== '';
  } catch {
    return false;
  }
}
