import { join } from 'node:path';
import type { BoxKind } from '../launched-wall.ts';
import type { ShownFiles } from '../shown-files.ts';
import { bundleConfig, rootId, treeLines } from './bundle.ts';
import { relieveMemory, withSpare } from './memory-relief.ts';

const OTHER_FILES = 16;
// Tried with 0.0~20221219: what nobody reads of a terminal fills the memory of gVisor's kernel, beyond any limit inside.
const NO_TERMINALS =
  "sandboxes of the wall runsc have no terminals (pty): gVisor's pass on neither Ctrl-C nor sizes, and hold any amount of output. Use --wall bubblewrap";
const NO_WATCHES =
  'folders in sandboxes of the wall runsc cannot be watched: gVisor does not tell what the host writes. Use --wall bubblewrap';
const NO_LAYERS =
  'sandboxes of the wall runsc start from empty folders only and cannot be saved: no templates, no snapshots. Use --wall bubblewrap';

/**
 * Boxes of gVisor: their system calls are answered by a kernel of their own, in user space. `flags`: runsc's own, which other
 * versions may lack. `filter`: seccomp filter of every command, as hex.
 */
export function runscKind(shown: ShownFiles, flags: readonly string[], filter: string): BoxKind {
  const tree = treeLines(shown);
  const { disk } = shown;
  // Named pipes are how commands are given their streams. Control groups are joined before runsc starts.
  const runsc = [
    'runsc',
    '--network=none',
    '--ignore-cgroups',
    '--file-access=exclusive',
    '--host-fifo=open',
  ];
  const folders = ['--root', join(disk, 'own/state'), 'run', '--bundle', join(disk, 'own/bundle')];
  return {
    lacks: { terminals: NO_TERMINALS, layers: NO_LAYERS, watches: NO_WATCHES },
    disk: { folder: disk, otherFiles: OTHER_FILES },
    memory: null,
    argv: ({ id, owner, limits }) => [
      String(rootId(owner)),
      tree,
      bundleConfig({ owner, limits, filter, disk }),
      ...runsc,
      ...flags,
      ...folders,
      id,
    ],
    groupLimits: withSpare,
    rootOf: ({ pid }) => `/proc/${pid}/root${join(disk, 'root')}`,
    watchMemory: ({ id, limits, groups, launcher }) =>
      relieveMemory(groups.with('memory'), limits.memoryMb, (bytes) => launcher.relieve(id, bytes)),
  };
}
