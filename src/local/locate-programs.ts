import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { EvalpoolError } from '../errors.ts';
import { VERSION } from '../version.ts';

/** The long-running processes of workers/. */
export type WorkerKind = 'api' | 'dispatcher' | 'evaluator' | 'reaper';

/** The built programs of this package, and what tells one build from another. */
export interface Programs {
  version: string;
  build: string;
  keeper: string;
  sandboxServer: string;
  worker(kind: WorkerKind): string;
}

const Package = z.object({ name: z.string().optional() });

/** Finds the built programs, whether this runs from sources or built. Throws STACK_FAILED when they are not built. */
export function locatePrograms(): Programs {
  const root = packageRoot(import.meta.dirname);
  const dist = join(root, 'dist');
  const worker = (kind: string): string => join(dist, 'workers', `${kind}.js`);
  if (!existsSync(worker('keeper'))) {
    throw new EvalpoolError('STACK_FAILED', `evalpool is not built: run \`npm run build\` in ${root}`);
  }
  return {
    version: VERSION,
    build: fingerprint([join(dist, 'src'), join(dist, 'workers')]),
    keeper: worker('keeper'),
    sandboxServer: join(dist, 'src', 'sandbox-server', 'main.js'),
    worker,
  };
}

function packageRoot(from: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && packageOf(folder).name === 'evalpool') return folder;
  }
  throw new EvalpoolError('INTERNAL', `no package.json of evalpool above ${from}`);
}

function packageOf(folder: string): z.output<typeof Package> {
  return Package.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
}

// Sizes and times, not contents: 5 ms for all files, and a build that changes nothing rewrites none.
function fingerprint(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.js'),
    );
    for (const file of files.toSorted()) {
      const { size, mtimeMs } = statSync(join(folder, file));
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 12);
}
