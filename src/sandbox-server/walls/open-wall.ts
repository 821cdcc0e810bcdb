import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { EvalpoolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { BubblewrapWall } from './bubblewrap-wall.ts';
import { bubblewrapCommand } from './bubblewrap.ts';
import type { Control } from './cgroup-hierarchies.ts';
import { Cgroups } from './cgroups.ts';
import { Launcher } from './launcher.ts';
import { MACHINE_CALLS } from './machine-calls.ts';
import { seccompFilter } from './seccomp.ts';
import { prepareShownFiles } from './shown-files.ts';
import { tryBox, withTrialLayer } from './try-box.ts';
import { reportWall } from './wall-report.ts';

/** What this server's wall is made of. */
export interface WallOptions {
  /** A folder the server may write to. */
  home: string;
  log: Log;
  /** Of control groups only these controls, where they may be written; all that we know unless given. */
  controls?: readonly Control[];
  /** False: layers are copied even where they could be mounted. */
  mountLayers?: boolean;
}

/**
 * Makes ready to open boxes on this machine, removes what former servers left, and opens one on trial. Throws MACHINE_LACKS
 * with the command that mends it.
 */
export async function openWall(options: WallOptions): Promise<BubblewrapWall> {
  const machine = MACHINE_CALLS[process.arch];
  if (!machine) throw new EvalpoolError('MACHINE_LACKS', `no sandbox wall is known for ${process.arch}`);
  requireProgram('bwrap', 'bubblewrap');
  requireProgram('perl', 'perl');
  mkdirSync(options.home, { recursive: true });
  const cgroups = new Cgroups(options.log, options.controls);
  const filter = seccompFilter(machine, cgroups.by('memory') === null);
  const shown = prepareShownFiles(options.home);
  const wall = new BubblewrapWall({
    launch: () => {
      const launcher = new Launcher(filter, options.log);
      if (launcher.pid !== undefined) cgroups.adopt(launcher.pid);
      return launcher;
    },
    argv: {
      '': bubblewrapCommand(shown, ''),
      home: bubblewrapCommand(shown, 'home'),
      root: bubblewrapCommand(shown, 'root'),
      bound: bubblewrapCommand(shown, 'bound'),
    },
    disk: shown.disk,
    removeShown: shown.remove,
    cgroups,
    report: reportWall(cgroups, lacksForNat()),
    log: options.log,
  });
  await tryOut(wall, options);
  return wall;
}

// Layers where that works; else at least a box.
async function tryOut(wall: BubblewrapWall, { home, mountLayers }: WallOptions): Promise<void> {
  try {
    await withTrialLayer(home, async (layers) => {
      if (mountLayers === false) throw new Error('it was not asked for');
      await tryBox(wall, layers);
    }).catch(async (error: unknown) => {
      await tryBox(wall);
      wall.doWithoutMounts(error instanceof Error ? error.message : String(error));
    });
  } catch (error) {
    await wall.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('MACHINE_LACKS', `no sandbox can be made: ${why} ${adviceFor(why)}`.trim(), {
      cause: error,
    });
  }
}

function adviceFor(why: string): string {
  if (/unknown option/i.test(why)) return '(bubblewrap 0.7 or newer is needed)';
  if (why.startsWith('setres'))
    return '(root of this container has no other ids: start the server as an ordinary user)';
  if (!/namespace|permission|permitted|uid map/i.test(why)) return '';
  return (
    '(ordinary users must be allowed user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1`, on Ubuntu ' +
    '`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, in Docker `--privileged`)'
  );
}

function requireProgram(program: string, debianPackage: string): void {
  if (hasProgram(program)) return;
  throw new EvalpoolError('MACHINE_LACKS', `${program} is missing: apt-get install ${debianPackage}`);
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

function hasProgram(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
