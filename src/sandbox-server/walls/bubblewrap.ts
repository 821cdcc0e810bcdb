import type { WayToStart } from './box-start.ts';
import type { BoxKind } from './launched-wall.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { ShownFiles } from './shown-files.ts';
import { shownPlaces, type ShownPlace } from './shown-places.ts';

/** Where a box's user may write, by the name of the folder on its disk. */
export const WRITABLE = { home: '/home/user', tmp: '/tmp', shm: '/dev/shm' };

/** Ids of the box's user, as seen inside. */
export const INSIDE_ID = 1000;

// Copies the launcher's pipe to the report: its first line says that the box stands, its end ends the pid namespace. Ignoring
// CHLD has the kernel reap orphans; dash cannot (it always handles CHLD, and its `read` then ends).
const FIRST_PROCESS = ['/usr/bin/env', '--ignore-signal=CHLD', 'cat'];

/**
 * Where a template's root is shown, for commands to have as theirs. The box's first process must be the machine's own: what a
 * candidate left in a template's place would run without limits.
 */
export const TEMPLATE_ROOT = '/template';

/** Boxes of bubblewrap. `memoryIsCounted`: by a control group, which then ends what takes too much. */
export function bubblewrapKind(shown: ShownFiles, memoryIsCounted: boolean): BoxKind {
  const argv = {
    '': bubblewrapCommand(shown, ''),
    home: bubblewrapCommand(shown, 'home'),
    root: bubblewrapCommand(shown, 'root'),
    bound: bubblewrapCommand(shown, 'bound'),
  };
  const watch = new MemoryWatch();
  return {
    lacks: {},
    disk: { folder: shown.disk, otherFiles: 16 },
    memory: process.getuid?.() === 0 ? shown.memory : null,
    argv: ({ way }) => argv[way],
    groupLimits: (limits) => limits,
    rootOf: ({ pid, way }) => `/proc/${pid}/root${way === 'root' || way === 'bound' ? TEMPLATE_ROOT : ''}`,
    watchMemory: ({ root, pid, limits }) =>
      memoryIsCounted ? () => {} : watch.watch(root, pid, limits.memoryMb),
  };
}

/**
 * Bubblewrap and its arguments, the same for every box that starts in one way: what it needs of one box lies under `shown.disk`
 * when it starts.
 */
function bubblewrapCommand(shown: ShownFiles, way: WayToStart | ''): string[] {
  return [
    ...words('bwrap --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup'),
    ...words(`--as-pid-1 --info-fd 3 --hostname sandbox --uid ${INSIDE_ID} --gid ${INSIDE_ID}`),
    // With a capability that commands lack, they can neither trace it nor open its pipe through /proc/1/fd.
    ...words('--cap-add CAP_KILL --proc /proc'),
    ...shownPlaces(shown).flatMap(asArguments),
    ...(way === 'root' || way === 'bound' ? templatePlaces(shown, way) : ownPlaces(shown)),
    ...words('--remount-ro / --chdir /'),
    ...FIRST_PROCESS,
  ];
}

function ownPlaces({ disk }: ShownFiles): string[] {
  const writable = Object.entries(WRITABLE).flatMap(([name, path]) => ['--bind', `${disk}/${name}`, path]);
  return devices('', writable);
}

function templatePlaces({ disk }: ShownFiles, way: 'root' | 'bound'): string[] {
  const names = way === 'root' ? (['shm'] as const) : (['home', 'tmp', 'shm'] as const);
  const writable = names.flatMap((name) => ['--bind', `${disk}/${name}`, TEMPLATE_ROOT + WRITABLE[name]]);
  return [
    '--bind',
    `${disk}/root`,
    TEMPLATE_ROOT,
    ...words(`--proc ${TEMPLATE_ROOT}/proc`),
    ...devices(TEMPLATE_ROOT, writable),
  ];
}

// The harmless devices and terminals of its own. It needs a user namespace more, which owns all the others of the box.
// bubblewrap's /dev is a tmpfs without a size.
function devices(root: string, writable: string[]): string[] {
  return [...words(`--dev ${root}/dev`), ...writable, ...words(`--remount-ro ${root}/dev`)];
}

function asArguments(place: ShownPlace): string[] {
  if (place.kind === 'folder') return ['--perms', '0755', '--dir', place.at];
  return place.kind === 'host' ? ['--ro-bind', place.from, place.at] : ['--symlink', place.to, place.at];
}

function words(text: string): string[] {
  return text.split(' ');
}
