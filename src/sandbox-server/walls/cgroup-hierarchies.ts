import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a control group can limit, or do: `freezer` stops its processes, `cpuacct` counts their time. */
export type Control = 'memory' | 'pids' | 'cpu' | 'freezer' | 'cpuacct';

/** One tree of control groups that has controls we want and that we may write to. */
export interface Hierarchy {
  version: 1 | 2;
  /** The group under which ours are made. */
  folder: string;
  controls: readonly Control[];
  /** Makes our group; false: refused. */
  prepare(group: string): boolean;
}

interface Mounted {
  version: 1 | 2;
  at: string;
  /** The group that the mount shows as its top. */
  top: string;
  options: string[];
}

const WANTED: readonly Control[] = ['memory', 'pids', 'cpu', 'freezer', 'cpuacct'];
/** What every group of version 2 can do, whatever is passed down to it. */
const EVERYWHERE: readonly Control[] = ['freezer', 'cpuacct'];

/** Finds, for each control, the first hierarchy in which we may make groups. */
export function findHierarchies(wanted: readonly Control[] = WANTED): Hierarchy[] {
  const own = groupsIn(read('/proc/self/cgroup'));
  const found = mountedTrees().flatMap((mount) =>
    mount.version === 1 ? versionOne(mount, own, wanted) : versionTwo(mount, own, wanted),
  );
  const seen = new Set<Control>();
  return found.flatMap((hierarchy) => {
    const controls = hierarchy.controls.filter((control) => !seen.has(control));
    for (const control of controls) seen.add(control);
    return controls.length === 0 ? [] : [{ ...hierarchy, controls }];
  });
}

function versionOne(mount: Mounted, own: Map<string, string>, wanted: readonly Control[]): Hierarchy[] {
  const controls = wanted.filter((control) => mount.options.includes(control));
  const folder = ownFolder(mount, own.get(controls[0] ?? '') ?? '/');
  if (controls.length === 0 || !mayWrite(folder)) return [];
  return [{ version: 1, folder, controls, prepare: (group) => attempt(() => mkdirSync(group)) }];
}

// The very top, where root may write to it, else our own group: that is what systemd delegates.
function versionTwo(mount: Mounted, own: Map<string, string>, wanted: readonly Control[]): Hierarchy[] {
  const ours = ownFolder(mount, own.get('') ?? '/');
  for (const folder of new Set([mount.at, ours])) {
    if (!mayWrite(folder) || !mayWrite(join(folder, 'cgroup.procs'))) continue;
    const available = read(join(folder, 'cgroup.controllers')).split(/\s+/);
    const asked = wanted.filter((control) => available.includes(control));
    const passed = passDown(folder, asked, folder === ours);
    const prepare = (group: string): boolean =>
      attempt(() => mkdirSync(group)) && passDown(group, passed, false).length === passed.length;
    const controls = wanted.filter((control) => EVERYWHERE.includes(control) || passed.includes(control));
    if (controls.length > 0) return [{ version: 2, folder, controls, prepare }];
  }
  return [];
}

/**
 * Lets groups below have the controls; says which it got. A group that has processes may not, but the very top: ours move into a
 * leaf first. Not only once it was refused: cpu and pids are granted all the same, and no group below could then hold a process.
 */
function passDown(folder: string, controls: readonly Control[], mayMove: boolean): Control[] {
  const file = join(folder, 'cgroup.subtree_control');
  const got = (): Control[] => {
    const now = read(file).split(/\s+/);
    return controls.filter((control) => now.includes(control));
  };
  if (got().length === controls.length) return [...controls];
  if (mayMove && existsSync(join(folder, 'cgroup.type'))) moveToLeaf(folder);
  for (const control of controls) attempt(() => writeFileSync(file, `+${control}`));
  return got();
}

function moveToLeaf(folder: string): void {
  const leaf = join(folder, 'evalpool-server');
  attempt(() => mkdirSync(leaf, { recursive: true }));
  const pids = read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean);
  for (const pid of pids) attempt(() => writeFileSync(join(leaf, 'cgroup.procs'), pid));
}

function mountedTrees(): Mounted[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .flatMap((line): Mounted[] => {
      const [head = '', tail = ''] = line.split(' - ');
      const [, , , top = '/', at = ''] = head.split(' ');
      const [type, , options = ''] = tail.split(' ');
      if (type !== 'cgroup' && type !== 'cgroup2') return [];
      return [{ version: type === 'cgroup' ? 1 : 2, at, top, options: options.split(',') }];
    });
}

/** The group by controller that /proc/self/cgroup tells of; '' is version 2. */
export function groupsIn(ownCgroup: string): Map<string, string> {
  const own = new Map<string, string>();
  for (const line of ownCgroup.split('\n').filter(Boolean)) {
    const [, controllers = '', ...path] = line.split(':');
    for (const controller of controllers.split(',')) own.set(controller, path.join(':'));
  }
  return own;
}

function ownFolder(mount: Mounted, group: string): string {
  const below =
    group === mount.top || group.startsWith(`${mount.top}/`) ? group.slice(mount.top.length) : group;
  return join(mount.at, mount.top === '/' ? group : below);
}

function mayWrite(path: string): boolean {
  return attempt(() => accessSync(path, constants.W_OK));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
