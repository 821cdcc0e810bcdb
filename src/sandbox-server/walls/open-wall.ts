import { accessSync, constants, mkdirSync } from 'node:fs';
import type { WallName } from '../../config.ts';
import { EvalpoolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { bubblewrapKind } from './bubblewrap.ts';
import type { Control } from './cgroup-hierarchies.ts';
import { Cgroups } from './cgroups.ts';
import { openRunscWall } from './gvisor/open-runsc-wall.ts';
import { LaunchedWall, type HostWall } from './launched-wall.ts';
import { Launcher } from './launcher.ts';
import { MACHINE_CALLS, type MachineCalls } from './machine-calls.ts';
import { seccompFilter } from './seccomp.ts';
import { prepareShownFiles } from './shown-files.ts';
import { tryBox, tryLayer, withTrialLayer } from './try-box.ts';
import { hasProgram, orMachineLacks, requireProgram } from './try-wall.ts';
import { reportWall } from './wall-report.ts';

/** What this server's wall is made of. */
export interface WallOptions {
  /** A folder the server may write to. */
  home: string;
  log: Log;
  wall?: WallName;
  /** Of control groups only these controls, where they may be written; all that we know unless given. */
  controls?: readonly Control[];
  /** False: layers are copied even where they could be mounted. */
  mountLayers?: boolean;
}

/**
 * Makes ready to open boxes on this machine, removes what former servers left, and opens one on trial. Throws MACHINE_LACKS
 * with the command that mends it.
 */
export async function openWall(options: WallOptions): Promise<HostWall> {
  const machine = MACHINE_CALLS[process.arch];
  if (!machine) throw new EvalpoolError('MACHINE_LACKS', `no sandbox wall is known for ${process.arch}`);
  requireProgram('perl', 'perl');
  mkdirSync(options.home, { recursive: true });
  if (options.wall === 'runsc') return openRunscWall(options, machine);
  const wall = bubblewrapWall(options, machine);
  await orMachineLacks(wall, () => tryLayers(wall, options));
  return wall;
}

function bubblewrapWall(options: WallOptions, machine: MachineCalls): LaunchedWall {
  requireProgram('bwrap', 'bubblewrap');
  const cgroups = new Cgroups(options.log, options.controls);
  const filter = seccompFilter(machine, cgroups.by('memory') === null);
  const shown = prepareShownFiles(options.home);
  const report = reportWall(cgroups, lacksForNat());
  return new LaunchedWall({
    launch: () => {
      const launcher = new Launcher(filter, options.log);
      if (launcher.pid !== undefined) cgroups.adopt(launcher.pid);
      return launcher;
    },
    kind: bubblewrapKind(shown, cgroups.by('memory') !== null),
    removeShown: shown.remove,
    cgroups,
    report: () => report,
    log: options.log,
  });
}

// Layers where that works; else at least a box.
async function tryLayers(wall: LaunchedWall, { home, mountLayers }: WallOptions): Promise<void> {
  await withTrialLayer(home, async (trial) => {
    if (mountLayers === false) throw new Error('it was not asked for');
    await tryLayer(wall, trial);
  }).catch(async (error: unknown) => {
    await tryBox(wall);
    wall.doWithoutMounts(error instanceof Error ? error.message : String(error));
  });
}

function lacksForNat(): string | null {
  if (!hasProgram('slirp4netns')) return 'slirp4netns is missing: apt-get install slirp4netns';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return '/dev/net/tun is missing or may not be opened: `modprobe tun`, `chmod 666 /dev/net/tun`';
  }
}
