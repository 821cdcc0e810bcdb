import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createReadStream, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { EvalpoolError } from '../../errors.ts';
import { makeOwnFolder, removeFolder } from '../own-folder.ts';
import type { Tree } from '../walls/reach.ts';
import { prepareRoot } from './prepare-root.ts';
import { parseNewName } from './template-name.ts';
import type { Template, Templates } from './templates.ts';
import { unpackTar, type Unpacked } from './unpack-tar.ts';

/** What `evalpool template add` brought in. */
export interface Imported extends Unpacked {
  template: Template;
  /** What its sandboxes will miss. */
  lacks: string[];
}

/**
 * Makes a template of a folder or a tar archive that holds a whole root file system. Running servers see it at their next create.
 * Throws USAGE that says what is wrong with it.
 */
export async function importTemplate(
  home: string,
  templates: Templates,
  { name, from }: { name: string; from: string },
): Promise<Imported> {
  const named = readName(name);
  const imports = join(home, 'imports');
  mkdirSync(imports, { recursive: true, mode: 0o700 });
  const draft = makeOwnFolder(imports);
  try {
    const layer = join(draft, 'layer');
    const root = join(layer, 'root');
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const tree = { path: root, owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } };
    const unpacked = await unpack(from, tree);
    const lacks = await prepareRoot(tree);
    chmodSync(join(root, 'tmp'), 0o1777);
    chmodSync(root, 0o755);
    const template = templates.adopt(layer, { kind: 'template', ...named, sandboxId: null });
    return { ...unpacked, template, lacks };
  } finally {
    removeFolder(draft);
  }
}

function readName(name: string): { name: string; tag: string } {
  try {
    return parseNewName(name);
  } catch (error) {
    throw new EvalpoolError('USAGE', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

async function unpack(from: string, root: Tree): Promise<Unpacked> {
  const stat = statSync(from, { throwIfNoEntry: false });
  if (!stat) throw new EvalpoolError('INPUT_UNREADABLE', `${from}: no such file or folder`);
  return stat.isDirectory() ? unpackFolder(from, root) : unpackTar(createReadStream(from), root);
}

// By tar, so that a folder is judged as an archive of it would be.
async function unpackFolder(from: string, root: Tree): Promise<Unpacked> {
  const tar = spawn('tar', ['--create', '--directory', from, '--file', '-', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [closed, errors] = [once(tar, 'close'), text(tar.stderr)];
  closed.catch(() => {});
  const unpacked = await unpackTar(tar.stdout, root);
  const [code]: unknown[] = await closed;
  if (code !== 0)
    throw new EvalpoolError('INPUT_UNREADABLE', `${from} cannot be read: ${(await errors).trim()}`);
  return unpacked;
}
