import type { ShownFiles } from './shown-files.ts';
import { shownPlaces, type ShownPlace } from './shown-places.ts';

const WRITABLE = { home: '/home/user', tmp: '/tmp', shm: '/dev/shm' };

/** Ids of the box's user, as seen inside. */
export const INSIDE_ID = 1000;

// Copies the launcher's pipe to the report: its first line says that the box stands, its end ends the pid namespace. Ignoring
// CHLD has the kernel reap orphans; dash cannot (it always handles CHLD, and its `read` then ends).
const FIRST_PROCESS = ['/usr/bin/env', '--ignore-signal=CHLD', 'cat'];

/** Bubblewrap and its arguments, the same for every box: what it needs of one box lies under `shown.disk` when it starts. */
export function bubblewrapCommand(shown: ShownFiles): string[] {
  return [
    ...words('bwrap --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup'),
    ...words(`--as-pid-1 --info-fd 3 --hostname sandbox --uid ${INSIDE_ID} --gid ${INSIDE_ID}`),
    // With a capability that commands lack, they can neither trace it nor open its pipe through /proc/1/fd.
    ...words('--cap-add CAP_KILL --proc /proc'),
    ...shownPlaces(shown).flatMap(asArguments),
    // The harmless devices and terminals of its own. It needs a user namespace more, which owns all the others of the box.
    ...words('--dev /dev'),
    ...Object.entries(WRITABLE).flatMap(([name, path]) => ['--bind', `${shown.disk}/${name}`, path]),
    // bubblewrap's /dev is a tmpfs without a size.
    ...words('--remount-ro /dev --remount-ro / --chdir /'),
    ...FIRST_PROCESS,
  ];
}

function asArguments(place: ShownPlace): string[] {
  if (place.kind === 'folder') return ['--perms', '0755', '--dir', place.at];
  return place.kind === 'host' ? ['--ro-bind', place.from, place.at] : ['--symlink', place.to, place.at];
}

function words(text: string): string[] {
  return text.split(' ');
}
