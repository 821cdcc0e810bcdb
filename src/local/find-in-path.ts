import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '../config.ts';

/** Full path of a program, as the shell would find it. */
export function findInPath(program: string): string | undefined {
  const folders = (childEnvironment()['PATH'] ?? '/usr/bin:/bin')
    .split(':')
    .filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(mayRun);
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
