import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOwnFolder } from '../own-folder.ts';
import { writeEtc } from './etc-folder.ts';

// A home under /root, or made by mkdtemp, is closed to the ids that boxes run as.
const CLOSED_HOME = '/run/evalpool';

/** Files and folders of the host that boxes are made of, prepared once per server. */
export interface ShownFiles {
  /** Synthesized /etc. */
  etc: string;
  /** Node and npm where they do not lie under /usr; shown under /opt/node. */
  node: { binary: string; npm: string | null } | null;
  /** Empty folder on which each box's disk is mounted, in a mount namespace of its own. */
  disk: string;
  /** The same for layers in memory. */
  memory: string;
  /** Removes what was written for this server. */
  remove: () => void;
}

/** Writes and finds what boxes show; all of it can be reached by their unprivileged ids. */
export function prepareShownFiles(home: string): ShownFiles {
  const shared = isReachable(home) ? join(home, 'walls') : CLOSED_HOME;
  const folder = makeOwnFolder(shared);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const [disk, memory] = [join(folder, 'disk'), join(folder, 'memory')];
  for (const mountPoint of [disk, memory]) mkdirSync(mountPoint);
  return { etc: writeEtc(folder), node: findNode(shared), disk, memory, remove };
}

function findNode(folder: string): ShownFiles['node'] {
  const binary = realpathSync(process.execPath);
  if (binary.startsWith('/usr/')) return null;
  const npm = join(dirname(dirname(binary)), 'lib/node_modules/npm');
  const found = { binary, npm: existsSync(npm) ? npm : null };
  if (isReachable(dirname(binary))) return found;
  return {
    binary: copyOnce(binary, join(folder, 'node')),
    npm: found.npm && copyOnce(found.npm, join(folder, 'npm')),
  };
}

function copyOnce(from: string, to: string): string {
  const [source, copy] = [statSync(from), statSync(to, { throwIfNoEntry: false })];
  if (copy && copy.size === source.size && copy.mtimeMs >= source.mtimeMs) return to;
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  return to;
}

/** May the ids of boxes pass through all folders down to here? Where we are not root, they are our own. */
function isReachable(folder: string): boolean {
  if (process.getuid?.() !== 0) return true;
  const open = (statSync(folder).mode & 0o001) !== 0;
  return open && (folder === '/' || isReachable(dirname(folder)));
}
