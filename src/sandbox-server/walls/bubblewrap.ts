import { lstatSync, readlinkSync } from 'node:fs';
import type { ShownFiles } from './shown-files.ts';

const WRITABLE = [
  { name: 'home', path: '/home/user', mode: '0755' },
  { name: 'tmp', path: '/tmp', mode: '1777' },
  { name: 'shm', path: '/dev/shm', mode: '1777' },
];

/** Ids of the box's user, as seen inside. */
export const INSIDE_ID = 1000;

// Copies the launcher's pipe to the report: its first line says that the box stands, its end ends the pid namespace. Ignoring
// CHLD has the kernel reap orphans; dash cannot (it always handles CHLD, and its `read` then ends).
const FIRST_PROCESS = ['/usr/bin/env', '--ignore-signal=CHLD', 'cat'];

/** Bubblewrap's arguments up to the limits: the same for every box. */
export function sharedArguments(shown: ShownFiles): string[] {
  return [
    ...words('bwrap --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup'),
    ...words(`--as-pid-1 --info-fd 3 --hostname sandbox --uid ${INSIDE_ID} --gid ${INSIDE_ID}`),
    // With a capability that commands lack, they can neither trace it nor open its pipe through /proc/1/fd.
    ...words('--cap-add CAP_KILL --ro-bind /usr /usr --proc /proc'),
    '--ro-bind',
    shown.etc,
    '/etc',
    ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(asOnHost),
    ...nodeArguments(shown.node),
    ...words('--perms 0755 --dir /var --perms 0755 --dir /home --symlink ../tmp /var/tmp'),
    // The harmless devices and terminals of its own. It needs a user namespace more, which owns all the others of the box.
    ...words('--dev /dev'),
  ];
}

/** The rest of the arguments: writable places, then the first process. `disk`: a folder that holds them already. */
export function boxArguments(bytes: number, disk: string | null): string[] {
  return [
    ...WRITABLE.flatMap(({ name, path, mode }) =>
      disk === null
        ? words(`--perms ${mode} --size ${bytes} --tmpfs ${path}`)
        : ['--bind', `${disk}/${name}`, path],
    ),
    // bubblewrap's /dev is a tmpfs without a size.
    ...words('--remount-ro /dev --remount-ro / --chdir /'),
    ...FIRST_PROCESS,
  ];
}

function nodeArguments(node: ShownFiles['node']): string[] {
  if (node === null) return [];
  const binary = ['--ro-bind', node.binary, '/opt/node/bin/node'];
  if (node.npm === null) return binary;
  const [npm, npx] = ['npm', 'npx'].map((name) =>
    words(`--symlink ../lib/node_modules/npm/bin/${name}-cli.js /opt/node/bin/${name}`),
  );
  const modules = '/opt/node/lib/node_modules/npm';
  return [
    ...words('--perms 0755 --dir /opt'),
    ...binary,
    '--ro-bind',
    node.npm,
    modules,
    ...(npm ?? []),
    ...(npx ?? []),
  ];
}

function words(text: string): string[] {
  return text.split(' ');
}

function asOnHost(path: string): string[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  return stat.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}
