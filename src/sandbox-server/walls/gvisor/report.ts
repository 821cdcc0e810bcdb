import { availableParallelism } from 'node:os';
import type { WallReport } from '../../box.ts';
import type { Cgroups } from '../cgroups.ts';

const NO_GROUP = 'no cgroup may be written here';

/** What a runsc is found to be. `statsAll`: it knows the flag AT_NO_AUTOMOUNT, which `ls` and `stat` of coreutils 9 set. */
export interface FoundRunsc {
  version: string;
  statsAll: boolean;
}

/** Says which walls and limits boxes of runsc really have, and by what. */
export function reportRunsc(cgroups: Cgroups, { version, statsAll }: FoundRunsc): WallReport {
  const [memory, cpu] = [cgroups.by('memory'), cgroups.by('cpu')];
  const facts: Array<WallReport['facts'][number]> = [
    yes('kernel', `gVisor's own (runsc ${version}, ptrace) answers the system calls, not the host's`),
    yes('namespaces', 'user, mount, pid, net, ipc, uts around gVisor, and its own of all of these inside'),
    yes('rights', 'no capabilities, no_new_privs, seccomp filter inside; a filter of its own around gVisor'),
    yes('unprivileged id', 'host ids of its own for the files of each sandbox; nobody for its processes'),
    yes('files', 'read-only /usr and synthesized /etc; nothing else of the host'),
    yes('disk', 'size and number of files of one tmpfs for /home/user, /tmp and /dev/shm'),
    {
      name: 'memory',
      inForce: memory !== null,
      by: memory ? `a watcher kills the largest process; 448 MB above, ${memory} the sandbox` : NO_GROUP,
    },
    yes('processes', "the pids controller of gVisor's kernel"),
    {
      name: 'cpu',
      inForce: cpu !== null,
      by: cpu ?? `${NO_GROUP}: up to ${availableParallelism()} cores`,
    },
    yes('pause', cgroups.by('freezer') ?? `SIGSTOP to every process: ${NO_GROUP}`),
    yes('network none', "gVisor's own network stack, with a loopback only"),
    { name: 'terminals', inForce: false, by: "not offered by this wall: gVisor's hold any amount of output" },
    { name: 'layers', inForce: false, by: 'not offered by this wall: no templates, no snapshots' },
    { name: 'watches', inForce: false, by: 'not offered by this wall: no `watchDir`' },
    { name: 'network nat', inForce: false, by: 'not offered by this wall: use bubblewrap' },
  ];
  if (!statsAll)
    facts.push({
      name: '`ls` and `stat`',
      inForce: false,
      by: `runsc ${version} does not know a flag that they set (AT_NO_AUTOMOUNT); that of Debian 13 does`,
    });
  return { wall: 'runsc', facts, networks: ['none'] };
}

function yes(name: string, by: string): { name: string; inForce: boolean; by: string } {
  return { name, inForce: true, by };
}
