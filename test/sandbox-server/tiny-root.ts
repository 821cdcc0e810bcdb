import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRAMS = [
  'bash',
  'cat',
  'chmod',
  'cp',
  'env',
  'id',
  'ln',
  'ls',
  'mkdir',
  'mv',
  'realpath',
  'rm',
  'stat',
  'touch',
];

/** Fills a folder with a small root file system: a shell, some programs, and the libraries of this machine that they need. */
export function makeTinyRoot(folder: string): void {
  for (const name of ['usr/bin', 'usr/lib', 'usr/lib64', 'etc', 'opt/only-here'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(folder, name));
  const programs = PROGRAMS.map((name) => `/usr/bin/${name}`);
  for (const path of [...programs, ...librariesOf(programs)]) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    cpSync(realpathSync(path), join(folder, path));
  }
  symlinkSync('bash', join(folder, 'usr/bin/sh'));
}

function librariesOf(programs: readonly string[]): string[] {
  const listed = execFileSync('ldd', programs, { encoding: 'utf8' });
  return [...new Set(listed.match(/\/(?:usr\/)?lib\S+/g))];
}
