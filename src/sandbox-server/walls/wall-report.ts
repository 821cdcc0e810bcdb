import { availableParallelism } from 'node:os';
import type { WallReport } from '../box.ts';
import type { LayerMounts } from './box-start.ts';
import type { Cgroups } from './cgroups.ts';

/** Says which walls and limits boxes of this server really have, and by what. `lacksForNat`: why there is no nat; null: there is. */
export function reportWall(cgroups: Cgroups, lacksForNat: string | null): WallReport {
  const root = process.getuid?.() === 0;
  const [memory, pids, cpu] = [cgroups.by('memory'), cgroups.by('pids'), cgroups.by('cpu')];
  const facts = [
    yes('namespaces', 'user, mount, pid, net, ipc, uts, cgroup by bubblewrap'),
    yes('rights', 'no capabilities, no_new_privs, seccomp filter'),
    {
      name: 'unprivileged id',
      inForce: root,
      by: root ? 'a host id of its own for each sandbox' : "the server's own host id, since it is not root",
    },
    yes('files', 'read-only /usr and synthesized /etc; nothing else of the host'),
    yes('disk', 'size and number of files of one tmpfs for /home/user, /tmp and /dev/shm'),
    yes('memory', memory ?? 'a watcher, ten times a second: no cgroup may be written here'),
    yes('processes', pids ?? 'RLIMIT_NPROC in the user namespace of the sandbox'),
    cpu === null
      ? {
          name: 'cpu',
          inForce: false,
          by: `no cgroup may be written here: up to ${availableParallelism()} cores`,
        }
      : yes('cpu', cpu),
    yes('pause', cgroups.by('freezer') ?? 'SIGSTOP to every process: no cgroup may be written here'),
    yes('network none', 'an empty network namespace'),
    {
      name: 'network nat',
      inForce: lacksForNat === null,
      by: lacksForNat ?? "slirp4netns; loopback, private and the host's own addresses refused",
    },
  ];
  return { wall: 'bubblewrap', facts, networks: lacksForNat === null ? ['none', 'nat'] : ['none'] };
}

/** Says how templates, snapshots and forks get their files. */
export function reportLayers(mounts: LayerMounts): { name: string; inForce: boolean; by: string } {
  if (mounts.work) return yes('layers', 'overlayfs: templates, snapshots and forks are not copied');
  return {
    name: 'layers',
    inForce: false,
    by: `copied for each sandbox, templates read-only: ${mounts.why}`,
  };
}

function yes(name: string, by: string): { name: string; inForce: boolean; by: string } {
  return { name, inForce: true, by };
}
