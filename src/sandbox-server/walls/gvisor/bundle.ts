import type { BoxLimits } from '../../box.ts';
import { INSIDE_ID, WRITABLE } from '../bubblewrap.ts';
import type { Owner } from '../reach.ts';
import { rlimitsOf } from '../rlimits.ts';
import type { ShownFiles } from '../shown-files.ts';
import { shownPlaces } from '../shown-places.ts';
import { DOOR, INSIDE_PROGRAM } from './inside-program.ts';

/** What one sandbox of runsc is made with. */
export interface Bundle {
  /** Host ids of the box's user. */
  owner: Owner;
  limits: BoxLimits;
  /** Seccomp filter of every command, as hex. */
  filter: string;
  /** Where the disk is mounted, in a mount namespace of the box's own. */
  disk: string;
}

/** Between the host ids of users of boxes and of those boxes' roots. */
const ROOTS_AFTER = 100_000;
const FIRST_RIGHTS = [
  'CAP_DAC_OVERRIDE',
  'CAP_SYS_ADMIN',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
];

/**
 * Host id of root inside: nobody on the host. gVisor's file server runs as it, in a user namespace that knows it and the user,
 * so that who breaks out of gVisor's kernel and of that too has the rights of these two ids only.
 */
export function rootId(owner: Owner): number {
  return owner.uid + ROOTS_AFTER;
}

/** The tree that boxes see, for the launcher: lines of kind, path inside, and source. Folders that gVisor fills are empty. */
export function treeLines(shown: ShownFiles): string {
  const places = [
    ...shownPlaces(shown).map((place) =>
      place.kind === 'folder'
        ? ['folder', place.at]
        : [place.kind, place.at, place.kind === 'host' ? place.from : place.to],
    ),
    ...['/dev', '/proc', '/sys', DOOR].map((at) => ['folder', at]),
    ...Object.entries(WRITABLE).map(([name, path]) => ['own', path, name]),
  ];
  return places.map((fields) => fields.join('\t')).join('\n');
}

/** The OCI runtime's config.json. The tree never changes and is read once (runsc is told so); what may be written is looked at anew each time. */
export function bundleConfig(bundle: Bundle): string {
  const { disk, owner } = bundle;
  const ids = [
    { containerID: 0, hostID: rootId(owner), size: 1 },
    { containerID: INSIDE_ID, hostID: owner.uid, size: 1 },
  ];
  const own = Object.entries({ ...WRITABLE, 'own/door': DOOR }).map(([name, path]) => ({
    type: 'bind',
    source: `${disk}/${name}`,
    destination: path,
    options: ['rw'],
  }));
  return JSON.stringify({
    ociVersion: '1.0.0',
    hostname: 'sandbox',
    root: { path: `${disk}/root`, readonly: true },
    mounts: [{ type: 'proc', source: 'proc', destination: '/proc' }, ...own],
    process: firstProcess(bundle),
    linux: {
      namespaces: ['user', 'pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type })),
      uidMappings: ids,
      gidMappings: ids,
    },
  });
}

function firstProcess({ filter, limits }: Bundle): object {
  const rlimits = rlimitsOf(limits).map((pair) => pair.join(','));
  return {
    args: ['/usr/bin/perl', '-e', INSIDE_PROGRAM, filter, String(limits.processes), ...rlimits],
    cwd: '/',
    env: ['PATH=/usr/bin:/bin', 'LC_ALL=C'],
    user: { uid: 0, gid: 0 },
    noNewPrivileges: true,
    capabilities: { bounding: FIRST_RIGHTS, effective: FIRST_RIGHTS, permitted: FIRST_RIGHTS },
  };
}
