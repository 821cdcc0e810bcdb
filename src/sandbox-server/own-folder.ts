import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './walls/is-alive.ts';

/**
 * Makes a folder of this process's own among those of others in `shared`, which do not disturb each other, and removes those of
 * processes that are no more.
 */
export function makeOwnFolder(shared: string): string {
  removeLeftOvers(shared);
  const folder = join(shared, `${process.pid}-${pidNamespace()}-${randomBytes(3).toString('hex')}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** Removes a folder whatever lies in it. */
export function removeFolder(folder: string): void {
  // What came from elsewhere may be closed even to its owner.
  if (process.getuid?.() !== 0) spawnSync('chmod', ['-R', 'u+rwx', '--', folder]);
  spawnSync('rm', ['-rf', '--', folder]);
}

// Only those of our own pid namespace: what a pid of another container means cannot be told from here.
function removeLeftOvers(shared: string): void {
  for (const name of existsSync(shared) ? readdirSync(shared) : []) {
    const [pid, namespace] = name.split('-');
    if (namespace !== pidNamespace() || isAlive(Number(pid))) continue;
    removeFolder(join(shared, name));
  }
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
}
