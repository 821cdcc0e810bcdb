import type { Attack } from './attack.ts';
import { CONTROL } from './control.ts';
import { FILE_API } from './file-api.ts';
import { FILES_OF_HOST } from './files-of-host.ts';
import { FLOODS } from './floods.ts';
import { HOSTILE_TREES } from './hostile-trees.ts';
import { KERNEL } from './kernel.ts';
import { MEMORY } from './memory.ts';
import { NETWORK } from './network.ts';
import { OTHER_SANDBOXES } from './other-sandboxes.ts';
import { PROCESSES } from './processes.ts';
import { RIGHTS } from './rights.ts';
import { TERMINALS } from './terminals.ts';

/** Everything that is tried in each start mode. */
export const ATTACKS: readonly Attack[] = [
  ...FILES_OF_HOST,
  ...PROCESSES,
  ...RIGHTS,
  ...KERNEL,
  ...NETWORK,
  ...OTHER_SANDBOXES,
  ...MEMORY,
  ...FLOODS,
  ...FILE_API,
  ...HOSTILE_TREES,
  ...TERMINALS,
  ...CONTROL,
];
