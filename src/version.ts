import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Package = z.object({ name: z.string(), version: z.string() });

/** evalpool's own version, from its package.json. */
export const VERSION = readVersion(import.meta.dirname);

// Built, this file lies one folder deeper than its source.
function readVersion(folder: string): string {
  try {
    const read = Package.safeParse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    if (read.success && read.data.name === 'evalpool') return read.data.version;
  } catch {
    // Not here: further up.
  }
  return folder === dirname(folder) ? 'unknown' : readVersion(dirname(folder));
}
