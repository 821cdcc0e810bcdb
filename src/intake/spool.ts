import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Input } from './open-input.ts';

/** An input that can be read twice: standard input is kept in a temporary file. `remove` deletes it. */
export async function spool(inputs: readonly Input[]): Promise<{ inputs: Input[]; remove(): Promise<void> }> {
  const stdin = inputs.find(({ name }) => name === 'stdin');
  if (!stdin) return { inputs: [...inputs], remove: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'evalpool-stdin-'));
  const path = join(folder, 'stdin.jsonl');
  await pipeline(stdin.open(), createWriteStream(path, { mode: 0o600 }));
  return {
    inputs: [{ ...stdin, open: () => createReadStream(path) }],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
