import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { EvalpoolError } from '../errors.ts';

/** Adds an object as one line; resolves once there is room for the next. */
export type WriteLine = (line: object) => Promise<void>;

/** Writes a JSON Lines file that is there only when it is whole. Throws USAGE when `out` cannot be written. */
export async function writeLineFile(
  out: string,
  name: string,
  fill: (write: WriteLine) => Promise<void>,
): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    const path = join(out, name);
    const file = createWriteStream(`${path}.part`);
    try {
      await fill(async (line) => {
        if (!file.write(`${JSON.stringify(line)}\n`)) await once(file, 'drain');
      });
    } finally {
      file.end();
      await finished(file);
    }
    await rename(`${path}.part`, path);
  } catch (error) {
    throw cannotWrite(out, error);
  }
}

/** What is said when a file of the results' folder cannot be written. */
export function cannotWrite(out: string, error: unknown): EvalpoolError {
  if (error instanceof EvalpoolError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new EvalpoolError('USAGE', `results cannot be written to ${out}: ${why}`, { cause: error });
}
