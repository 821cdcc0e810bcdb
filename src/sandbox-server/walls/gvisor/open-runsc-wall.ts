import { spawnSync } from 'node:child_process';
import { EvalpoolError } from '../../../errors.ts';
import { Cgroups } from '../cgroups.ts';
import { LaunchedWall } from '../launched-wall.ts';
import { Launcher } from '../launcher.ts';
import type { MachineCalls } from '../machine-calls.ts';
import type { WallOptions } from '../open-wall.ts';
import { seccompFilter } from '../seccomp.ts';
import { prepareShownFiles } from '../shown-files.ts';
import { tryBox } from '../try-box.ts';
import { orMachineLacks, requireProgram } from '../try-wall.ts';
import { BOXES_PROGRAM } from './boxes-program.ts';
import { reportRunsc } from './report.ts';
import { runscKind } from './runsc-kind.ts';

/** Makes ready to open gVisor sandboxes, and opens one on trial. Throws MACHINE_LACKS with what mends it. */
export async function openRunscWall(options: WallOptions, machine: MachineCalls): Promise<LaunchedWall> {
  requireProgram('runsc', 'runsc');
  if (process.getuid?.() !== 0)
    throw new EvalpoolError(
      'MACHINE_LACKS',
      'the wall runsc needs root: an ordinary user has one id to give, so its sandboxes would run as root inside. Use --wall bubblewrap',
    );
  const cgroups = new Cgroups(options.log, options.controls);
  // A limit of the control group would end the sandbox, so memory is watched in any case.
  const filter = seccompFilter(machine, true);
  const shown = prepareShownFiles(options.home);
  const runsc = { version: version(), statsAll: true };
  const wall = new LaunchedWall({
    launch: () => {
      const launcher = new Launcher(filter, options.log, BOXES_PROGRAM);
      if (launcher.pid !== undefined) cgroups.adopt(launcher.pid);
      return launcher;
    },
    kind: runscKind(shown, flagsOfVersion(), filter),
    removeShown: shown.remove,
    cgroups,
    report: () => reportRunsc(cgroups, runsc),
    log: options.log,
  });
  await orMachineLacks(wall, () => tryBox(wall));
  runsc.statsAll = await tryBox(wall, ['/bin/ls', '/tmp']).then(
    () => true,
    () => false,
  );
  return wall;
}

// Since 2023 gVisor's kernel opens files itself unless told otherwise; as before, a process of few rights shall do it.
function flagsOfVersion(): string[] {
  return ask('flags').includes('-directfs') ? ['--directfs=false'] : [];
}

function version(): string {
  return /version (\S+)/.exec(ask('--version'))?.[1] ?? 'of an unknown version';
}

function ask(word: string): string {
  const { stdout, stderr } = spawnSync('runsc', [word], { encoding: 'utf8' });
  return stdout + stderr;
}
