import { spawnSync } from 'node:child_process';

/** Why the wall runsc cannot be tried here; null: it can. */
export function whatRunscLacks(): string | null {
  if (process.getuid?.() !== 0) return 'it needs root';
  return spawnSync('runsc', ['--version']).status === 0 ? null : 'apt-get install runsc';
}
