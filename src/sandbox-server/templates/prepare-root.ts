import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EvalpoolError } from '../../errors.ts';
import { InsideError, type BoxFiles, type Seen } from '../box-files.ts';
import { ETC_TEXTS } from '../walls/etc-folder.ts';
import { hostFiles } from '../walls/host-files.ts';
import type { Tree } from '../walls/reach.ts';
import { NOT_TAKEN } from './unpack-tar.ts';

const FOLDERS = ['/etc', '/home', '/home/user', '/tmp'];
/** Where `docker save` and OCI's layout say what an image is made of. */
const OF_IMAGES = ['/manifest.json', '/oci-layout', '/index.json'];

/**
 * Gives an unpacked root file system what every sandbox relies on: places to mount on, the user, the resolver, and the names that
 * container tools leave empty in /etc. Throws USAGE when it is no root file system; says what it lacks.
 */
export async function prepareRoot(root: Tree): Promise<string[]> {
  const files = hostFiles(root);
  if (!(await see(files, '/bin/sh'))) throw new EvalpoolError('USAGE', await explainNoShell(files));
  // An archive cannot have made them.
  for (const name of NOT_TAKEN) mkdirSync(join(root.path, name));
  for (const path of FOLDERS) await ensureFolder(files, path);
  await addAccount(files, 'passwd');
  await addAccount(files, 'group');
  await writeText(files, '/etc/resolv.conf', ETC_TEXTS['resolv.conf']);
  for (const name of ['hosts', 'hostname'] as const)
    if ((await readText(files, `/etc/${name}`)) === '')
      await writeText(files, `/etc/${name}`, ETC_TEXTS[name]);
  return (await see(files, '/bin/bash')) ? [] : ["no /bin/bash, with which E2B's SDK runs every command"];
}

async function explainNoShell(files: BoxFiles): Promise<string> {
  const seen = await Promise.all(OF_IMAGES.map((path) => see(files, path)));
  return seen.some((each) => each !== null)
    ? 'this is an image in layers, as `docker save` writes it; export the root file system of a container: `docker export`'
    : 'there is no /bin/sh in it: expected a whole root file system, as `docker export` or `podman export` writes it';
}

async function ensureFolder(files: BoxFiles, path: string): Promise<void> {
  const seen = await see(files, path);
  if (seen && seen.kind !== 'folder') await files.remove(path);
  await files.makeFolder(path);
}

async function addAccount(files: BoxFiles, name: 'passwd' | 'group'): Promise<void> {
  const path = `/etc/${name}`;
  const there = await readText(files, path);
  if (/^user:/m.test(there)) return;
  const own = ETC_TEXTS[name].split('\n').find((line) => line.startsWith('user:'));
  const before = there === '' || there.endsWith('\n') ? there : `${there}\n`;
  await writeText(files, path, there === '' ? ETC_TEXTS[name] : `${before}${own}\n`);
}

async function readText(files: BoxFiles, path: string): Promise<string> {
  if ((await see(files, path))?.targetKind !== 'file') return '';
  const file = await files.openForRead(path);
  try {
    return String(await file.read(0, file.size));
  } finally {
    await file.close();
  }
}

async function writeText(files: BoxFiles, path: string, text: string): Promise<void> {
  if (await see(files, path)) await files.remove(path);
  const file = await files.create(path);
  try {
    await file.write(Buffer.from(text));
  } finally {
    await file.close();
  }
}

async function see(files: BoxFiles, path: string): Promise<Seen | null> {
  try {
    return await files.stat(path);
  } catch (error) {
    if (error instanceof InsideError && ['ENOENT', 'ENOTDIR'].includes(error.code)) return null;
    throw error;
  }
}
